#include "net/loop.h"

#include <boost/asio/post.hpp>
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

void Loop::Io::post(std::move_only_function<void()> work) {
  bool was_empty;
  {
    const std::lock_guard lock(mutex_);
    was_empty = work_.empty() && handles_.empty();
    work_.push_back(std::move(work));
  }
  wake_if_first(was_empty);
}

void Loop::Io::resume_soon(std::coroutine_handle<> handle) {
  bool was_empty;
  {
    const std::lock_guard lock(mutex_);
    was_empty = work_.empty() && handles_.empty();
    handles_.push_back(handle);
  }
  wake_if_first(was_empty);
}

// One wake-up serves all that is posted before the loop comes round to it.
void Loop::Io::wake_if_first(bool was_empty) {
  if (was_empty) boost::asio::post(context, [this] { run_posted(); });
}

void Loop::Io::run_posted() {
  std::vector<std::move_only_function<void()>> work;
  std::vector<std::coroutine_handle<>> handles;
  {
    const std::lock_guard lock(mutex_);
    work.swap(work_);
    handles.swap(handles_);
  }
  for (const std::coroutine_handle<> handle : handles) handle.resume();
  for (auto& each : work) each();
}

Loop::Loop(const Clock& clock)
    : clock_(clock), timers_(std::make_unique<Timers>()), io_(std::make_unique<Io>()) {}

Loop::~Loop() = default;

void Loop::run() {
  io_->context.restart();
  io_->context.run();
}

void Loop::run_one() {
  io_->context.restart();
  io_->context.run_one();
}

std::size_t Loop::run_ready() {
  io_->context.restart();
  return io_->context.poll() + fire_due_timers();
}

void Loop::stop() { io_->context.stop(); }
void Loop::post(std::move_only_function<void()> work) { io_->post(std::move(work)); }
void Loop::resume_soon(std::coroutine_handle<> handle) { io_->resume_soon(handle); }

std::optional<MonoTime> Loop::next_timer() const {
  if (timers_->empty()) return std::nullopt;
  return timers_->earliest().at_;
}

std::size_t Loop::fire_due_timers() {
  std::size_t fired = 0;
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
  loop_.set_alarm();
}

void Loop::Timer::disarm() {
  if (position_ == kDisarmed) return;
  loop_.timers_->remove(*this);
  fire_ = nullptr;
}

// The alarm only ever moves to an earlier time here: a disarmed timer leaves at worst one idle wake-up,
// and the usual deadline, later than one already set, costs no call into Asio.
void Loop::set_alarm() {
  if (timers_->empty()) return;
  const MonoTime at = timers_->earliest().at_;
  if (at >= io_->alarm_at) return;
  io_->alarm_at = at;
  io_->alarm.expires_after(at - clock_.mono());
  io_->alarm.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // moved to an earlier time
    io_->alarm_at = MonoTime::max();
    fire_due_timers();
    set_alarm();
  });
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
