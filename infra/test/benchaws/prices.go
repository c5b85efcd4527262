package main

// Prices in us-east-1 on demand, in dollars, as of November 2026.
const (
	perWriteUnit  = 0.625e-6
	perReadUnit   = 0.125e-6
	perSQSRequest = 0.40e-6
	perTransition = 25e-6
	perInvocation = 0.20e-6
	perGBSecond   = 0.0000133334 // Lambda on arm64
	// gbPerCPU is the memory with which a function has a whole processor: a
	// second of CPU is billed as so many gigabyte-seconds, whatever its memory.
	gbPerCPU = 1.769
)

// Bill is what a million conversations cost, in dollars.
type Bill struct {
	Writes      float64 `json:"writes"`
	Index       float64 `json:"index"` // of writes, those of indexes
	Reads       float64 `json:"reads"`
	Queue       float64 `json:"queue"`
	Transitions float64 `json:"transitions"`
	Functions   float64 `json:"functions"`
	Total       float64 `json:"total"`
}

// bill prices what was counted for n conversations, as for a million.
func (c counted) bill() Bill {
	million := 1e6 / float64(c.conversations)
	b := Bill{
		Writes:      c.writes * perWriteUnit * million,
		Index:       c.indexWrites * perWriteUnit * million,
		Reads:       c.reads * perReadUnit * million,
		Queue:       float64(c.sqsRequests) * perSQSRequest * million,
		Transitions: float64(c.transitions) * perTransition, // of one move: they grow with its time
		Functions:   (float64(c.invocations)*perInvocation + c.cpu.Seconds()*gbPerCPU*perGBSecond) * million,
	}
	b.Total = b.Writes + b.Reads + b.Queue + b.Transitions + b.Functions
	return b
}
