#include "net/server_loops.h"

#include <pthread.h>

#include <algorithm>
#include <latch>
#include <mutex>

#include "base/check.h"

namespace pabal::net {

ServerLoops::ServerLoops(const Clock& clock, std::size_t count, const std::string& name) {
  if (count == 0) count = std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<Loop>(clock));
  for (std::size_t i = 0; i < count; ++i) {
    threads_.emplace_back([loop = loops_[i].get()] { loop->run(); });
    ::pthread_setname_np(threads_.back().native_handle(),
                         fmt::format("{}-{}", name, i).substr(0, 15).c_str());
  }
}

ServerLoops::~ServerLoops() {
  // Posted, so that a thread that has not reached run() yet is stopped too.
  for (const auto& loop : loops_) loop->post([each = loop.get()] { each->stop(); });
  for (std::thread& thread : threads_) thread.join();
}

namespace {

struct Round {
  explicit Round(std::size_t count) : running(static_cast<std::ptrdiff_t>(count)) {}

  std::latch running;
  std::mutex mutex;
  std::exception_ptr first;
};

detail::Root run_one_of(Round& round, Task<void> task) {
  try {
    co_await std::move(task);
  } catch (...) {
    const std::lock_guard lock(round.mutex);
    if (!round.first) round.first = std::current_exception();
  }
  round.running.count_down();
}

}  // namespace

void ServerLoops::run_on_each(const std::function<Task<void>(Loop&, std::size_t)>& task) {
  Round round(loops_.size());
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    Loop& loop = *loops_[i];
    loop.post([&, i] { run_one_of(round, task(loop, i)).start({&loop, nullptr}); });
  }
  round.running.wait();
  if (round.first) std::rethrow_exception(round.first);
}

Result<std::unique_ptr<Listeners>> Listeners::bind(ServerLoops& loops, ListenerOptions options,
                                                   const std::function<ListenerHandlers(Loop&)>& handlers) {
  std::unique_ptr<Listeners> out(new Listeners(loops));
  std::mutex mutex;
  Result<void> result;
  const auto open_one = [&](Loop& loop, std::size_t index) {
    auto listener = Listener::open(loop, options, handlers(loop));
    if (listener) {
      out->listeners_[index] = std::move(*listener);
      return;
    }
    const std::lock_guard lock(mutex);
    if (result) result = failure_of(std::move(listener));
  };
  // The first finds out the port that the others share.
  loops.run_on_each([&](Loop& loop, std::size_t index) -> Task<void> {
    if (index == 0) open_one(loop, index);
    co_return;
  });
  if (result) {
    out->local_ = out->listeners_[0]->local();
    const bool shared = options.endpoint.tcp() != nullptr;
    if (shared) options.endpoint = out->local_;
    loops.run_on_each([&](Loop& loop, std::size_t index) -> Task<void> {
      if (index != 0 && shared) open_one(loop, index);
      co_return;
    });
  }
  if (!result) {
    out->drain(std::chrono::nanoseconds(0));
    return failure_of(std::move(result));
  }
  return out;
}

void Listeners::start() {
  loops_.run_on_each([&](Loop&, std::size_t index) -> Task<void> {
    if (listeners_[index]) listeners_[index]->start();
    co_return;
  });
}

Result<std::unique_ptr<Listeners>> Listeners::open(ServerLoops& loops, ListenerOptions options,
                                                   const std::function<ListenerHandlers(Loop&)>& handlers) {
  PABAL_TRY(auto out, bind(loops, std::move(options), handlers));
  out->start();
  return out;
}

Listeners::~Listeners() {
  for (const auto& listener : listeners_) PABAL_CHECK(listener == nullptr);
}

void Listeners::drain(std::chrono::nanoseconds patience) {
  loops_.run_on_each([&](Loop& loop, std::size_t index) -> Task<void> {
    if (!listeners_[index]) co_return;
    co_await listeners_[index]->drain(loop.in(patience));
    listeners_[index].reset();
  });
}

void Listeners::add_counters(const std::function<void(const ListenerCounters&)>& add) const {
  for (const auto& listener : listeners_) {
    if (listener) add(listener->counters());
  }
}

}  // namespace pabal::net
