package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const tellEvery = 200 * time.Millisecond

// events writes JSON lines; safe from any goroutine.
type events struct {
	lock  sync.Mutex
	out   *json.Encoder
	bytes atomic.Int64
	told  int64
	// agreed is closed when whoever started the job has seen its plan and lets it go on.
	agreed <-chan struct{}
	stop   chan struct{}
	done   chan struct{}
}

func newEvents(out io.Writer) *events {
	made := &events{out: json.NewEncoder(out), stop: make(chan struct{}), done: make(chan struct{})}
	go made.tick()
	return made
}

// tick tells the bytes that were moved since it last did.
func (e *events) tick() {
	defer close(e.done)
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			e.tellBytes()
		case <-e.stop:
			return
		}
	}
}

func (e *events) tellBytes() {
	e.lock.Lock()
	defer e.lock.Unlock()
	if count := e.bytes.Load() - e.told; count != 0 {
		e.told += count
		_ = e.out.Encode(map[string]any{"event": "bytes", "count": count})
	}
}

// moved counts bytes; a negative count takes back what has to be moved again.
func (e *events) moved(count int64) { e.bytes.Add(count) }

// tell writes an event after the bytes that came before it.
func (e *events) tell(event string, fields map[string]any) {
	e.tellBytes()
	e.lock.Lock()
	defer e.lock.Unlock()
	line := map[string]any{"event": event}
	for key, value := range fields {
		line[key] = value
	}
	_ = e.out.Encode(line)
}

// plan tells what is to be moved and how much of it is there, and waits until that is agreed to.
func (e *events) plan(ctx context.Context, fields map[string]any) error {
	e.tell("plan", fields)
	select {
	case <-e.agreed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *events) say(text string) { e.tell("say", map[string]any{"text": text}) }

func (e *events) close() {
	close(e.stop)
	<-e.done
	e.tellBytes()
}

func (e *events) fail(err error) {
	var disk *os.PathError
	fields := map[string]any{"text": plain(err), "rule": "", "path": "", "disk": errors.As(err, &disk)}
	if wrong, ok := asFault(err); ok {
		fields["text"], fields["rule"], fields["path"] = wrong.value, wrong.rule, wrong.path
	}
	e.tell("fail", fields)
}
