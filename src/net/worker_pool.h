// Threads for what would block a loop: a read that misses memory, a password hash, an RSA signature.
// The queue is bounded; a full one is an answer (kOverLimit), not a wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "net/handoff.h"
#include "net/task.h"

namespace pabal::net {

struct WorkerPoolOptions {
  std::string name = "pool";  ///< of the threads, as top(1) shows them; at most 12 bytes
  std::size_t threads = 4;
  std::size_t max_queued = 4096;
  bool yielding = false;  ///< its threads let others go before, where the processor is wanted
};

namespace detail {
template <class T>
struct ResultOf {
  using type = Result<T>;
};
template <class T>
struct ResultOf<Result<T>> {
  using type = Result<T>;
};
}  // namespace detail

class WorkerPool {
 public:
  explicit WorkerPool(WorkerPoolOptions options);
  /// Finishes what is queued, then ends the threads.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Runs `work` on a thread of the pool and resumes the caller on its loop with the outcome. What
  /// `work` refers to must live in the awaiting frame or above.
  template <class Work>
  auto run(Work work) -> Task<typename detail::ResultOf<std::invoke_result_t<Work&>>::type> {
    using Outcome = typename detail::ResultOf<std::invoke_result_t<Work&>>::type;
    Handoff<Outcome> handoff;
    const bool accepted = submit([&work, &handoff] {
      try {
        handoff.set(Outcome(work()));
      } catch (...) {
        handoff.set_exception(std::current_exception());
      }
    });
    if (!accepted) co_return fail(ErrorKind::kOverLimit, "all workers are busy and their queue is full");
    co_return co_await handoff;
  }

  /// From any thread. False when the queue is full.
  bool submit(std::move_only_function<void()> work);

 private:
  void work_until_told_to_stop();

  const WorkerPoolOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::move_only_function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace pabal::net
