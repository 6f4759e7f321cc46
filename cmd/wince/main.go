// Command wince measures pain-related facial action units from live video and keeps the assessments that carers confirm.
// One file a subcommand; `wince --help` tells what each does.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit statuses, the same for every subcommand.
const (
	exitOK       = 0 // done
	exitFailed   = 1 // the work could not be done: the message says what and why
	exitUsage    = 2 // the command line was wrong: nothing was begun
	exitNoModels = 3 // model files are missing, damaged or not the ones in the lock
	exitPartly   = 4 // some of the input was done, some could not be read
)

// exitError carries an exit status with an error.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run executes one command line and returns its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "wince",
		Short: "Pain assessment for people who cannot say that they hurt",
		Long: `Wince finds a face in live video, measures its action units on every frame, turns them into a pain score and keeps the
assessment that a carer confirms. It supports a carer's judgement and does not replace it. It is not a cleared medical
device.

Exit status: 0 done, 1 failed, 2 wrong command line, 3 models missing or damaged, 4 some of the input could not be read.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &exitError{exitUsage, fmt.Errorf("%w\nTry: %s --help", err, c.CommandPath())}
	})
	root.AddCommand(newAnalyzeCmd(), newAuditCmd(), newBackupCmd(), newBenchCmd(), newDemoCmd(), newEvaluateCmd(), newHealthCmd(), newImportCmd(), newInviteCmd(), newInventCmd(), newKeysCmd(), newModelsCmd(), newRestoreCmd(), newScalesCmd(), newServeCmd(), newSimulateCmd(), newSoakCmd(), newVersionCmd())
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(stderr, "wince: "+err.Error())
	var e *exitError
	switch {
	case errors.As(err, &e):
		return e.status
	case strings.HasPrefix(err.Error(), "unknown command"): // cobra has no type for it
		return exitUsage
	}
	return exitFailed
}
