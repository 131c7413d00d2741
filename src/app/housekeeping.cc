#include "app/housekeeping.h"

#include "base/heap.h"
#include "net/loop.h"
#include "net/scope.h"

namespace pabal::app {
namespace {

// After a failure of the store, before the same is tried again.
constexpr std::chrono::seconds kRetry{10};

net::Task<Result<void>> pause(std::chrono::milliseconds duration) {
  const net::Context context = co_await net::current_context();
  co_return co_await net::sleep_until(context.loop->in(duration));
}

// Waits for what runs in the scope even when the waiter is told to stop: the scope's tasks hear of that too.
net::Task<void> wait_for(net::Scope& scope) { co_await scope.join(); }

}  // namespace

Housekeeping::Housekeeping(store::EmbeddedEngine& store, account::Directory& directory,
                           net::WorkerPool& workers, Logger log, Metrics& metrics,
                           std::chrono::milliseconds sweep_interval)
    : store_(store),
      directory_(directory),
      workers_(workers),
      log_(std::move(log)),
      sweeps_(metrics.counter("pabal_store_sweeps_total", "Sweeps of the store that came to their end")),
      swept_bytes_(metrics.counter("pabal_store_swept_bytes_total", "Size of the blobs that sweeps dropped")),
      failed_sweeps_(metrics.counter("pabal_store_failed_sweeps_total", "Sweeps of the store that failed")),
      sweep_interval_ms_(sweep_interval.count()) {}

net::Task<void> Housekeeping::run(std::function<void(std::exception_ptr)> on_bug) {
  const net::Context context = co_await net::current_context();
  net::Scope duties(*context.loop, context.cancel, std::move(on_bug));
  duties.spawn(follow_directory());
  duties.spawn(sweep_now_and_then());
  duties.spawn(watch_health());
  duties.spawn(trim_heap_now_and_then());
  co_await wait_for(duties);
}

net::Task<void> Housekeeping::follow_directory() {
  for (;;) {
    const Result<void> followed = co_await directory_.follow_changes();
    if (followed || followed.error().kind == ErrorKind::kCancelled) co_return;
    log_.error("the directory's changes can't be followed", {{"error", followed.error()}});
    if (!co_await pause(kRetry)) co_return;
  }
}

net::Task<void> Housekeeping::sweep_now_and_then() {
  for (;;) {
    if (!co_await pause(std::chrono::milliseconds(sweep_interval_ms_.load()))) co_return;
    const auto report = co_await store_.sweep();
    if (report) {
      sweeps_.add();
      swept_bytes_.add(report->bytes_dropped);
      log_.debug("store swept", {{"blobs", report->blobs_dropped}, {"bytes", report->bytes_dropped}});
    } else {
      failed_sweeps_.add();
      log_.warn("the store could not be swept", {{"error", report.error()}});
    }
  }
}

net::Task<void> Housekeeping::watch_health() {
  std::string known;
  for (;;) {
    const std::string failure = store_.stats().write_failure;
    if (failure != known) {
      if (failure.empty())
        log_.info("the store accepts writes again");
      else
        log_.error("the store refuses writes", {{"reason", failure}});
      known = failure;
    }
    if (!co_await pause(kHealthInterval)) co_return;
  }
}

net::Task<void> Housekeeping::trim_heap_now_and_then() {
  HeapTrimmer trimmer;
  while (co_await pause(kTrimInterval)) {
    // With all workers busy there is no memory to spare either: next time.
    std::ignore = co_await workers_.run([&trimmer] { return trimmer.trim_if_worthwhile(); });
  }
}

}  // namespace pabal::app
