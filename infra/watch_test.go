package infra_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"deskmove/shared/admin"
	"deskmove/shared/app"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/support"
)

// The resources of the template, as its statements refer to them.
const (
	batchesQueue  = "BatchesQueue.Arn"
	failuresQueue = "StreamFailuresQueue.Arn"
	deadBatches   = "BatchesDeadQueue.Arn"
	deadFailures  = "StreamFailuresDeadQueue.Arn"
	filesBucket   = "FilesBucket.Arn"
	everyFile     = "${FilesBucket.Arn}/*"
	streamARN     = "ConversationsTable.StreamArn"
	machineARN    = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:${AWS::StackName}-move"
	executionARN  = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${AWS::StackName}-move:*"
)

var tableIDs = map[store.Table]string{
	store.Conversations: "ConversationsTable", store.Control: "ControlTable",
}

// writeActions are the actions that DynamoDB asks for, by what a write does,
// in a transaction too.
var writeActions = map[store.Op]string{
	store.Put: "PutItem", store.Update: "UpdateItem", store.Delete: "DeleteItem",
}

// watcher records what functions do through the platform, as the actions that AWS
// would ask their roles for.
type watcher struct {
	// Before, if not nil, comes before each action, and may fail it.
	before func(function, action, resource string) error

	mu    sync.Mutex
	used  map[string]map[string]bool // by function: "dynamodb:PutItem on ControlTable.Arn", "dynamodb:PutItem of A#*#MOVES"
	calls map[call]bool
	below map[string]app.Platform
}

// call is what a function asked AWS for.
type call struct {
	function, action, resource string

	// The partitions that it is about, in order and separated by spaces: the values of
	// dynamodb:LeadingKeys. Each write of a transaction is a call, as IAM looks at each.
	partitions string
}

// note notes an action, and of which partitions it is.
func (w *watcher) note(function, action, resource string, pks ...string) error {
	w.mu.Lock()
	if w.used == nil {
		w.used, w.calls = map[string]map[string]bool{}, map[call]bool{}
	}
	if w.used[function] == nil {
		w.used[function] = map[string]bool{}
	}
	w.used[function][action+" on "+resource] = true
	slices.Sort(pks)
	pks = slices.Compact(pks)
	w.calls[call{function, action, resource, strings.Join(pks, " ")}] = true
	if tables := slices.Collect(maps.Values(tableIDs)); slices.Contains(tables, strings.TrimSuffix(resource, ".Arn")) {
		for _, pk := range pks {
			w.used[function][accessOf(action)+" "+partitionOf(pk)] = true
		}
	}
	before := w.before
	w.mu.Unlock()
	if before != nil {
		return before(function, action, resource)
	}
	return nil
}

// uses are the actions that a function was seen to need.
func (w *watcher) uses(function string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.used[function]))
}

// each is for local.Config.
func (w *watcher) each(function string, b app.Platform) app.Platform {
	b.Engine = watchedEngine{b.Engine, w, function}
	b.Stream = watchedStream{b.Stream, w, function}
	b.Queue = watchedQueue{b.Queue, w, function}
	b.Machine = watchedMachine{b.Machine, w, function}
	b.DeadLetters = watchedLetters{w, function}
	if b.Files != nil {
		b.Files = watchedFiles{b.Files, w, function}
	}
	b.LateAfter, b.Turn = time.Nanosecond, nil
	b.PerStep = 1                           // so that list reports even of few conversations
	b.Check = func(context.Context) error { // as store/dynamo's does
		for _, table := range tableIDs {
			if err := w.note(function, "dynamodb:DescribeTable", table+".Arn"); err != nil {
				return err
			}
		}
		return nil
	}
	if err := store.CheckLayout(context.Background(), b.Engine); err != nil { // as package aws does before all else
		panic(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.below == nil {
		w.below = map[string]app.Platform{}
	}
	w.below[function] = b
	return b
}

// handlers are a function's, made anew: nothing is remembered.
func (w *watcher) handlers(function string) *app.App { return app.New(w.below[function]) }

type watchedEngine struct {
	store.Engine
	w        *watcher
	function string
}

func (e watchedEngine) note(action string, t store.Table, pks ...string) error {
	return e.w.note(e.function, "dynamodb:"+action, tableIDs[t]+".Arn", pks...)
}

// accessOf says what an action does to items: who may read a partition may read it in
// any way, but may write it only as is granted.
func accessOf(action string) string {
	switch action {
	case "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query":
		return "read"
	case "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem":
		return action + " of"
	}
	return ""
}

// Get makes one request of one key another than that of several, as
// store/dynamo does.
func (e watchedEngine) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	different := map[store.Key]bool{}
	var pks []string
	for _, k := range keys {
		different[k] = true
		pks = append(pks, k.PK)
	}
	action := "BatchGetItem"
	switch len(different) {
	case 0:
		return nil, nil
	case 1:
		action = "GetItem"
	}
	if err := e.note(action, t, pks...); err != nil {
		return nil, err
	}
	return e.Engine.Get(ctx, t, keys, c)
}

func (e watchedEngine) Write(ctx context.Context, ws []store.Write) []error {
	errs := make([]error, len(ws))
	var some []store.Write
	var places []int
	for i, write := range ws {
		if errs[i] = e.note(writeActions[write.Op], write.Table, write.Key.PK); errs[i] == nil {
			some, places = append(some, write), append(places, i)
		}
	}
	for i, err := range e.Engine.Write(ctx, some) {
		errs[places[i]] = err
	}
	if store.FirstError(errs) == nil {
		return nil
	}
	return errs
}

func (e watchedEngine) Transact(ctx context.Context, ws []store.Write) error {
	for _, write := range ws {
		if err := e.note(writeActions[write.Op], write.Table, write.Key.PK); err != nil {
			return err
		}
	}
	return e.Engine.Transact(ctx, ws)
}

func (e watchedEngine) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if err := e.noteQuery(q); err != nil {
		return store.Page{}, err
	}
	return e.Engine.Query(ctx, q)
}

func (e watchedEngine) Count(ctx context.Context, q store.Query) (int, error) {
	if err := e.noteQuery(q); err != nil {
		return 0, err
	}
	return e.Engine.Count(ctx, q)
}

func (e watchedEngine) noteQuery(q store.Query) error {
	if q.Index == nil {
		return e.note("Query", q.Table, q.PK)
	}
	return e.w.note(e.function, "dynamodb:Query", "${"+tableIDs[q.Table]+".Arn}/index/"+q.Index.Name, q.PK)
}

type watchedStream struct {
	handler.ChangeReader
	w        *watcher
	function string
}

// Between may ask for the shards too, if it finds that one is gone.
func (s watchedStream) Between(ctx context.Context, shard, first, last string) ([]store.Change, error) {
	for _, action := range []string{"GetShardIterator", "GetRecords", "DescribeStream"} {
		if err := s.w.note(s.function, "dynamodb:"+action, streamARN); err != nil {
			return nil, err
		}
	}
	return s.ChangeReader.Between(ctx, shard, first, last)
}

type watchedQueue struct {
	move.Queue
	w        *watcher
	function string
}

func (q watchedQueue) Send(ctx context.Context, bs []move.Batch) error {
	if err := q.w.note(q.function, "sqs:SendMessage", batchesQueue); err != nil {
		return err
	}
	return q.Queue.Send(ctx, bs)
}

// watchedLetters has SQS move dead letters, which it does in the caller's name.
type watchedLetters struct {
	w        *watcher
	function string
}

func (l watchedLetters) Redrive(context.Context) ([]admin.Redriven, error) {
	for dead, queue := range map[string]string{deadBatches: batchesQueue, deadFailures: failuresQueue} {
		for _, action := range []string{"ListMessageMoveTasks", "StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
			if err := l.w.note(l.function, "sqs:"+action, dead); err != nil {
				return nil, err
			}
		}
		if err := l.w.note(l.function, "sqs:SendMessage", queue); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// watchedFiles has S3 do what is asked for, also by the addresses that a function signs.
type watchedFiles struct {
	support.FileBytes
	w        *watcher
	function string
}

func (f watchedFiles) There(ctx context.Context, file desk.File) (bool, error) {
	err := cmp.Or(f.w.note(f.function, "s3:GetObject", everyFile), f.w.note(f.function, "s3:ListBucket", filesBucket))
	if err != nil {
		return false, err
	}
	return f.FileBytes.There(ctx, file)
}

func (f watchedFiles) Put(ctx context.Context, file desk.File, b []byte) error {
	if err := f.w.note(f.function, "s3:PutObject", everyFile); err != nil {
		return err
	}
	return f.FileBytes.Put(ctx, file, b)
}

func (f watchedFiles) PutAt(ctx context.Context, file desk.File, until time.Time) (support.Address, error) {
	if err := f.w.note(f.function, "s3:PutObject", everyFile); err != nil {
		return support.Address{}, err
	}
	return f.FileBytes.PutAt(ctx, file, until)
}

func (f watchedFiles) GetAt(ctx context.Context, file desk.File, d support.Download, until time.Time) (support.Address, error) {
	if err := f.w.note(f.function, "s3:GetObject", everyFile); err != nil {
		return support.Address{}, err
	}
	return f.FileBytes.GetAt(ctx, file, d, until)
}

func (f watchedFiles) Read(ctx context.Context, file desk.File, from int64, n int) ([]byte, error) {
	if err := f.w.note(f.function, "s3:GetObject", everyFile); err != nil {
		return nil, err
	}
	return f.FileBytes.Read(ctx, file, from, n)
}

func (f watchedFiles) Delete(ctx context.Context, file desk.File) error {
	if err := f.w.note(f.function, "s3:DeleteObject", everyFile); err != nil {
		return err
	}
	return f.FileBytes.Delete(ctx, file)
}

type watchedMachine struct {
	move.Machine
	w        *watcher
	function string
}

func (m watchedMachine) Start(ctx context.Context, name string, r move.Run) error {
	if err := m.w.note(m.function, "states:StartExecution", machineARN); err != nil {
		return err
	}
	return m.Machine.Start(ctx, name, r)
}

func (m watchedMachine) Running(ctx context.Context, name string) (bool, error) {
	if err := m.w.note(m.function, "states:DescribeExecution", executionARN); err != nil {
		return false, err
	}
	return m.Machine.Running(ctx, name)
}

// String lists all that was seen.
func (w *watcher) String() string {
	var text string
	for _, function := range slices.Sorted(maps.Keys(w.used)) {
		for _, use := range w.uses(function) {
			text += fmt.Sprintf("%s: %s\n", function, use)
		}
	}
	return text
}
