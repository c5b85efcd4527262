//go:build !unix

package cli

func keepPrivate() {} // there are no such masks
