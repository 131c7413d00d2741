#include "net/loop.h"

#include <algorithm>
#include <vector>

#include "net/detail/loop_io.h"

namespace pabal::net {

// A binary heap of armed timers, earliest first; each timer knows its place, so disarming is quick.
class Loop::Timers {
 public:
  bool empty() const { return heap_.empty(); }
  Timer& earliest() const { return *heap_.front(); }

  void insert(Timer& timer) {
    timer.position_ = heap_.size();
    heap_.push_back(&timer);
    sift_up(timer.position_);
  }

  void remove(Timer& timer) {
    const std::size_t hole = timer.position_;
    timer.position_ = Timer::kDisarmed;
    Timer* last = heap_.back();
    heap_.pop_back();
    if (last == &timer) return;
    place(hole, last);
    sift_up(hole);
    sift_down(last->position_);
  }

 private:
  void place(std::size_t position, Timer* timer) {
    heap_[position] = timer;
    timer->position_ = position;
  }
  void swap(std::size_t a, std::size_t b) {
    Timer* const first = heap_[a];
    place(a, heap_[b]);
    place(b, first);
  }
  bool earlier(std::size_t a, std::size_t b) const { return heap_[a]->at_ < heap_[b]->at_; }
  void sift_up(std::size_t position) {
    while (position > 0 && earlier(position, (position - 1) / 2)) {
      swap(position, (position - 1) / 2);
      position = (position - 1) / 2;
    }
  }
  void sift_down(std::size_t position) {
    for (;;) {
      std::size_t first = position;
      for (const std::size_t child : {2 * position + 1, 2 * position + 2}) {
        if (child < heap_.size() && earlier(child, first)) first = child;
      }
      if (first == position) return;
      swap(position, first);
      position = first;
    }
  }

  std::vector<Timer*> heap_;
};

Loop::Loop(const Clock& clock)
    : clock_(clock), timers_(std::make_unique<Timers>()), io_(std::make_unique<Io>()) {}

Loop::~Loop() = default;

void Loop::run() {
  stopping_ = false;
  while (!stopping_) turn(true);
}

void Loop::run_one() { turn(true); }
std::size_t Loop::run_ready() { return turn(false); }

std::size_t Loop::turn(bool may_wait) {
  io_->become_owner();
  io_->wait(may_wait && !io_->has_work() ? until_next_timer() : std::chrono::milliseconds(0));
  const std::size_t ran = io_->run_work();
  return ran + fire_due_timers();
}

// Rounded up: a wake-up too early would be for nothing.
std::chrono::milliseconds Loop::until_next_timer() const {
  if (timers_->empty()) return std::chrono::milliseconds(-1);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers_->earliest().at_ - clock_.mono());
  return std::max(left, std::chrono::milliseconds(0));
}

void Loop::stop() {
  stopping_ = true;
  io_->wake();
}
void Loop::post(std::move_only_function<void()> work) { io_->post(std::move(work)); }
void Loop::resume_soon(std::coroutine_handle<> handle) { io_->resume_soon(handle); }

std::optional<MonoTime> Loop::next_timer() const {
  if (timers_->empty()) return std::nullopt;
  return timers_->earliest().at_;
}

std::size_t Loop::fire_due_timers() {
  std::size_t fired = 0;
  if (timers_->empty()) return fired;
  const MonoTime now = clock_.mono();
  while (!timers_->empty() && timers_->earliest().at_ <= now) {
    Timer& timer = timers_->earliest();
    timers_->remove(timer);
    auto fire = std::move(timer.fire_);
    fire();  // may destroy the timer
    ++fired;
  }
  return fired;
}

void Loop::Timer::arm(Deadline deadline, std::move_only_function<void()> fire) {
  disarm();
  if (deadline.at == MonoTime::max()) return;
  at_ = deadline.at;
  fire_ = std::move(fire);
  loop_.timers_->insert(*this);
}

void Loop::Timer::disarm() {
  if (position_ == kDisarmed) return;
  loop_.timers_->remove(*this);
  fire_ = nullptr;
}

namespace {

class Sleep final : private CancelHook {
 public:
  explicit Sleep(Deadline deadline) : deadline_(deadline) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    const Context& context = handle.promise().context;
    if (!attach(context.cancel)) {
      cancelled_ = true;
      return false;
    }
    handle_ = handle;
    loop_ = context.loop;
    timer_.emplace(*loop_).arm(deadline_, [this] {
      detach();
      handle_.resume();
    });
    return true;
  }
  Result<void> await_resume() const {
    if (cancelled_) return fail(ErrorKind::kCancelled, "told to stop");
    return {};
  }

 private:
  void on_cancel() override {
    cancelled_ = true;
    timer_->disarm();
    loop_->resume_soon(handle_);
  }

  Deadline deadline_;
  Loop* loop_ = nullptr;
  std::optional<Loop::Timer> timer_;
  std::coroutine_handle<> handle_;
  bool cancelled_ = false;
};

}  // namespace

Task<Result<void>> sleep_until(Deadline deadline) { co_return co_await Sleep(deadline); }

}  // namespace pabal::net
