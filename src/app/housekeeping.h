// What the server does beside serving: keeps the directory's cache true, sweeps the store now and then, gives
// memory back that a burst left, and says when the store begins to refuse writes and when that is over. Lives
// on one loop.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "account/directory.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/task.h"
#include "net/worker_pool.h"
#include "store/embedded.h"

namespace pabal::app {

/// How often the store's health is looked at: soon enough for an operator, and it costs nothing.
inline constexpr std::chrono::seconds kHealthInterval{5};
inline constexpr std::chrono::seconds kTrimInterval{60};

class Housekeeping {
 public:
  /// Everything must outlive it.
  Housekeeping(store::EmbeddedEngine& store, account::Directory& directory, net::WorkerPool& workers,
               Logger log, Metrics& metrics, std::chrono::milliseconds sweep_interval);

  /// All of it, until cancelled. `on_bug` is told of exceptions, which end one duty and leave the others.
  net::Task<void> run(std::function<void(std::exception_ptr)> on_bug);

  /// From any thread; counts from the next sweep on.
  void set_sweep_interval(std::chrono::milliseconds interval) { sweep_interval_ms_ = interval.count(); }

 private:
  net::Task<void> follow_directory();
  net::Task<void> sweep_now_and_then();
  net::Task<void> watch_health();
  net::Task<void> trim_heap_now_and_then();

  store::EmbeddedEngine& store_;
  account::Directory& directory_;
  net::WorkerPool& workers_;
  const Logger log_;
  Counter& sweeps_;
  Counter& swept_bytes_;
  Counter& failed_sweeps_;
  std::atomic<std::int64_t> sweep_interval_ms_;
};

}  // namespace pabal::app
