#include "net/worker_pool.h"

#include <pthread.h>
#include <sys/resource.h>

namespace pabal::net {

WorkerPool::WorkerPool(WorkerPoolOptions options) : options_(std::move(options)) {
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { work_until_told_to_stop(); });
    const std::string name = fmt::format("{}-{}", options_.name.substr(0, 12), i).substr(0, 15);
    ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
  }
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::submit(std::move_only_function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= options_.max_queued) return false;
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void WorkerPool::work_until_told_to_stop() {
  // A tenth of a busy processor, and not less: a stop waits for what is under way.
  constexpr int kYieldingNice = 10;
  if (options_.yielding) ::setpriority(PRIO_PROCESS, 0, kYieldingNice);  // Linux: of this thread alone
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
  }
}

}  // namespace pabal::net
