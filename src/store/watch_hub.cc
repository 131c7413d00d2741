#include "store/watch_hub.h"

#include <coroutine>
#include <utility>

#include "base/check.h"
#include "net/cancel.h"
#include "net/loop.h"

namespace pabal::store {

// A wait ends in one of two ways: a notification or a cancellation takes `waiting_` out, under the
// shard's lock, and whoever took it resumes it. So it is resumed once, whichever of them comes first
// and however close together they come.
class WatchHub::Sleeper final : public Watch {
 public:
  Sleeper(WatchHub& hub, Shard& shard, const PartitionId& partition) : hub_(hub), shard_(shard) {
    const std::lock_guard lock(shard_.mutex);
    partition_ = &*shard_.partitions.try_emplace(partition, nullptr).first;
    next_ = std::exchange(partition_->second, this);
    if (next_ != nullptr) next_->previous_ = this;
  }

  ~Sleeper() override {
    {
      const std::lock_guard lock(shard_.mutex);
      PABAL_CHECK(!waiting_);
      (previous_ != nullptr ? previous_->next_ : partition_->second) = next_;
      if (next_ != nullptr) next_->previous_ = previous_;
      if (partition_->second == nullptr) shard_.partitions.erase(shard_.partitions.find(partition_->first));
    }
    hub_.watches_.fetch_sub(1, std::memory_order_relaxed);
  }

  net::Task<Result<void>> changed() override { co_return co_await Wait(*this); }

  // The shard is locked for these two.
  Sleeper* next() const { return next_; }
  void wake() {
    changed_ = true;
    // Under the lock: once this watch can be destroyed, nobody is still busy with its loop.
    if (waiting_) loop_->resume_soon(std::exchange(waiting_, nullptr));
  }

 private:
  class Wait final : private net::CancelHook {
   public:
    explicit Wait(Sleeper& sleeper) : sleeper_(sleeper) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
      const net::Context& context = handle.promise().context;
      if (!attach(context.cancel)) {
        cancelled_ = true;
        return false;
      }
      const std::lock_guard lock(sleeper_.shard_.mutex);
      PABAL_CHECK(!sleeper_.waiting_);
      if (sleeper_.changed_) return false;
      sleeper_.loop_ = context.loop;
      sleeper_.waiting_ = handle;
      return true;
    }
    Result<void> await_resume() {
      detach();
      if (cancelled_) return fail(ErrorKind::kCancelled, "told to stop");
      const std::lock_guard lock(sleeper_.shard_.mutex);
      sleeper_.changed_ = false;
      return {};
    }

   private:
    void on_cancel() override {
      const std::lock_guard lock(sleeper_.shard_.mutex);
      if (!sleeper_.waiting_) return;  // a notification is on its way already
      cancelled_ = true;
      sleeper_.loop_->resume_soon(std::exchange(sleeper_.waiting_, nullptr));
    }

    Sleeper& sleeper_;
    bool cancelled_ = false;
  };

  WatchHub& hub_;
  Shard& shard_;
  Partitions::value_type* partition_;
  Sleeper* next_ = nullptr;
  Sleeper* previous_ = nullptr;
  net::Loop* loop_ = nullptr;
  std::coroutine_handle<> waiting_;
  bool changed_ = false;
};

namespace {

class RefusedWatch final : public Watch {
 public:
  net::Task<Result<void>> changed() override {
    co_return fail(ErrorKind::kOverLimit, "too many watches sleep already");
  }
};

}  // namespace

WatchHub::WatchHub(std::size_t max_watches) : max_watches_(max_watches) {}

WatchHub::~WatchHub() { PABAL_CHECK(size() == 0); }

WatchHub::Shard& WatchHub::shard_of(const PartitionId& partition) {
  return shards_[std::hash<PartitionId>{}(partition) % kShards];
}

std::unique_ptr<Watch> WatchHub::watch(const PartitionId& partition) {
  if (watches_.fetch_add(1, std::memory_order_relaxed) >= max_watches_) {
    watches_.fetch_sub(1, std::memory_order_relaxed);
    return std::make_unique<RefusedWatch>();
  }
  return std::make_unique<Sleeper>(*this, shard_of(partition), partition);
}

void WatchHub::notify(const PartitionId& partition) {
  Shard& shard = shard_of(partition);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.partitions.find(partition);
  if (found == shard.partitions.end()) return;
  for (Sleeper* sleeper = found->second; sleeper != nullptr; sleeper = sleeper->next()) sleeper->wake();
}

}  // namespace pabal::store
