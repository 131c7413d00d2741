#include "journey/live.h"

#include <algorithm>
#include <deque>

#include "base/check.h"
#include "journey/detail/inbox.h"

namespace pabal::journey {

namespace {

// Of what an item takes beside its texts.
constexpr std::size_t kItemBytes = 128;

std::size_t bytes_of(const Entry& entry) {
  std::size_t bytes = kItemBytes;
  for (const Event& event : entry.events) {
    bytes += kItemBytes;
    for (const Fact& fact : event.facts) bytes += sizeof(Fact) + fact.value.size();
    for (const WireLine& line : event.dialogue) bytes += sizeof(WireLine) + line.text.size();
  }
  return bytes;
}

}  // namespace

struct Following::Waiting {
  detail::Inbox<News> inbox{kMaxFollowerBytes};
  std::uint64_t missed = 0;  // since the last that found room; under Live's lock
  std::deque<News> taken;    // the loop's alone
};

Following::Following(Live& live, std::optional<JourneyId> only)
    : live_(live), only_(only), waiting_(std::make_unique<Waiting>()) {}

Following::~Following() { live_.leave(*this); }

net::Task<Result<News>> Following::next(net::Deadline deadline) {
  std::deque<News>& taken = waiting_->taken;
  if (taken.empty()) {
    PABAL_CO_TRY(taken, co_await waiting_->inbox.take_all(deadline));
  }
  News news = std::move(taken.front());
  taken.pop_front();
  co_return news;
}

Live::~Live() { PABAL_CHECK(list_.empty()); }

Result<std::unique_ptr<Following>> Live::follow(std::optional<JourneyId> only) {
  const std::lock_guard lock(mutex_);
  if (closed_) return fail(ErrorKind::kClose, "the server stops");
  if (list_.size() == kMaxFollowers)
    return fail(ErrorKind::kOverLimit, "{} others follow already; try again later", kMaxFollowers);
  std::unique_ptr<Following> following(new Following(*this, only));
  list_.push_back(following.get());
  followers_.store(list_.size(), std::memory_order_relaxed);
  return following;
}

void Live::leave(Following& following) {
  const std::lock_guard lock(mutex_);
  std::erase(list_, &following);
  followers_.store(list_.size(), std::memory_order_relaxed);
}

void Live::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (Following* const following : list_) following->waiting_->inbox.close();
}

void Live::committed(const Entry& entry) {
  if (!anybody()) return;
  tell(entry.id, std::make_shared<const Entry>(entry), bytes_of(entry));
}

void Live::overheard(JourneyId id, WireLine::From from, std::string_view line) {
  if (!anybody()) return;
  tell(id, Overheard{id, clock_.wall(), from, std::string(line.substr(0, kMaxWireLineBytes))},
       kItemBytes + line.size());
}

void Live::tell(JourneyId id, const std::variant<std::shared_ptr<const Entry>, Overheard>& what,
                std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  for (Following* const following : list_) {
    if (following->only_ && *following->only_ != id) continue;
    Following::Waiting& waiting = *following->waiting_;
    if (waiting.inbox.put({what, waiting.missed}, bytes)) {
      waiting.missed = 0;
    } else {
      ++waiting.missed;
    }
  }
}

}  // namespace pabal::journey
