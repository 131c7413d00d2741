#include "net/worker_pool.h"

#include <pthread.h>

namespace pabal::net {

WorkerPool::WorkerPool(WorkerPoolOptions options) : options_(std::move(options)) {
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { work_until_told_to_stop(); });
    const std::string name = fmt::format("{}-{}", options_.name.substr(0, 12), i).substr(0, 15);
    ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
    const sched_param none{};
    // Refused by a strange kernel: then it is a pool like others.
    if (options_.yielding) ::pthread_setschedparam(threads_.back().native_handle(), SCHED_IDLE, &none);
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
