// Times River: everything is enqueued, then everything is worked off, by so many processes at once.
//
// The settings are those of River's own benchmark, which says how it came by them.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

const (
	fetchCooldown     = 2 * time.Millisecond
	fetchPollInterval = 20 * time.Millisecond
	maxWorkers        = 2_000
	insert            = 5_000 // jobs in a call
	connections       = 10    // of a process to the database

	limit  = 15 * time.Minute     // how long anything may take before the run is given up
	glance = 5 * time.Millisecond // how often is looked whether all is done

	unfinished = "SELECT EXISTS (SELECT FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled'))"
)

// Noop is a job that is done at once.
type Noop struct {
	Number int `json:"number"`
}

// Kind names the job in the database.
func (Noop) Kind() string { return "noop" }

// NoopWorker does nothing.
type NoopWorker struct {
	river.WorkerDefaults[Noop]
}

// Work returns at once.
func (*NoopWorker) Work(context.Context, *river.Job[Noop]) error { return nil }

func main() {
	jobs := flag.Int("jobs", 20_000, "how many jobs")
	processes := flag.Int("processes", 1, "how many worker processes")
	child := flag.Bool("child", false, "be a worker process")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	url := flag.Arg(0)
	if *child {
		check(beWorker(ctx, url, *jobs, os.Stdin, os.Stdout))
		return
	}
	enqueuing, working, err := measure(ctx, url, *jobs, *processes)
	check(err)
	rate := func(duration time.Duration) float64 { return float64(*jobs) / duration.Seconds() }
	check(json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"enqueue": rate(enqueuing), "process": rate(working), "total": rate(enqueuing + working),
	}))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// measure returns how long enqueuing took and how long working took.
func measure(ctx context.Context, url string, jobs, processes int) (enqueuing, working time.Duration, err error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return 0, 0, err
	}
	defer pool.Close()
	if err := install(ctx, pool); err != nil {
		return 0, 0, err
	}
	workers, err := startWorkers(ctx, url, jobs, processes)
	defer stop(workers)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := everyOne(workers, worker.begin, worker.wait); err != nil {
		return 0, 0, err
	}
	enqueuing = time.Since(began)
	// So that the planner knows the tables, as it would in a database that has been used for a minute.
	if _, err := pool.Exec(ctx, "ANALYZE"); err != nil {
		return 0, 0, err
	}
	began = time.Now()
	if err := everyOne(workers, worker.begin); err != nil {
		return 0, 0, err
	}
	err = waitUntilDone(ctx, pool)
	return enqueuing, time.Since(began), err
}

func install(ctx context.Context, pool *pgxpool.Pool) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: quiet()})
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// waitUntilDone returns once every job is completed, by the word of the database.
func waitUntilDone(ctx context.Context, pool *pgxpool.Pool) error {
	for left := true; left; time.Sleep(glance) {
		if err := pool.QueryRow(ctx, unfinished).Scan(&left); err != nil {
			return err
		}
	}
	return nil
}

// worker is a process that takes a step for each line it reads, and writes a line after each.
type worker struct {
	command *exec.Cmd
	input   io.Writer
	output  *bufio.Reader
}

func (w worker) begin() error {
	_, err := fmt.Fprintln(w.input)
	return err
}

func (w worker) wait() error {
	_, err := w.output.ReadString('\n')
	return err
}

func startWorkers(ctx context.Context, url string, jobs, processes int) (workers []worker, err error) {
	for number := range processes {
		share := (jobs + processes - 1 - number) / processes
		command := exec.CommandContext(ctx, os.Args[0], "-child", "-jobs", strconv.Itoa(share), url)
		command.Stderr = os.Stderr
		input, err := command.StdinPipe()
		if err != nil {
			return workers, err
		}
		output, err := command.StdoutPipe()
		if err != nil {
			return workers, err
		}
		if err := command.Start(); err != nil {
			return workers, err
		}
		workers = append(workers, worker{command, input, bufio.NewReader(output)})
	}
	return workers, everyOne(workers, worker.wait)
}

func everyOne(workers []worker, steps ...func(worker) error) error {
	for _, step := range steps {
		for _, each := range workers {
			if err := step(each); err != nil {
				return err
			}
		}
	}
	return nil
}

func stop(workers []worker) {
	for _, each := range workers {
		_ = each.command.Process.Kill()
		_ = each.command.Wait()
	}
}

// beWorker connects, enqueues its share, and works until it is killed.
func beWorker(ctx context.Context, url string, jobs int, input io.Reader, output io.Writer) error {
	lines := bufio.NewScanner(input)
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err
	}
	config.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	client, err := newClient(pool)
	if err != nil {
		return err
	}
	if err := pool.Ping(ctx); err != nil {
		return err
	}
	fmt.Fprintln(output)
	lines.Scan()
	if err := enqueue(ctx, client, jobs); err != nil {
		return err
	}
	fmt.Fprintln(output)
	lines.Scan()
	if err := client.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func newClient(pool *pgxpool.Pool) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &NoopWorker{})
	return river.NewClient(riverpgxv5.New(pool), &river.Config{
		FetchCooldown:     fetchCooldown,
		FetchPollInterval: fetchPollInterval,
		Logger:            quiet(),
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: maxWorkers}},
		Workers:           workers,
	})
}

func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func enqueue(ctx context.Context, client *river.Client[pgx.Tx], jobs int) error {
	for first := 0; first < jobs; first += insert {
		var batch []river.InsertManyParams
		for number := first; number < min(first+insert, jobs); number++ {
			batch = append(batch, river.InsertManyParams{Args: Noop{Number: number}})
		}
		if _, err := client.InsertManyFast(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}
