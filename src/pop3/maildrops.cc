#include "pop3/maildrops.h"

namespace pabal::pop3 {
namespace {

// Logins that are remembered for the delay; a hundred bytes each.
constexpr std::size_t kMaxRemembered = 100'000;

}  // namespace

struct Maildrops::Holder {
  account::AccountId account;
  net::Loop& loop;
  net::CancelSource* session;  // null once the place is gone; on the loop's thread alone
  std::atomic<MonoTime> heard;
  std::atomic<bool> lost = false;
};

Maildrops::Maildrops(const Clock& clock, MaildropOptions options)
    : clock_(clock), options_(options), last_login_(kMaxRemembered) {}

std::expected<Maildrops::Place, Maildrops::Refusal> Maildrops::open(account::AccountId account,
                                                                    net::Loop& loop,
                                                                    net::CancelSource& session) {
  const MonoTime now = clock_.mono();
  const std::scoped_lock lock(mutex_);
  if (!options_.shared) {
    const auto known = open_.find(account);
    if (known != open_.end() && now - known->second->heard.load() < options_.takeover_after)
      return std::unexpected(Refusal::kInUse);
  }
  if (options_.login_delay.count() > 0) {
    const MonoTime* const last = last_login_.find(account);
    if (last != nullptr && now - *last < options_.login_delay) return std::unexpected(Refusal::kTooSoon);
    last_login_.find_or_add(account) = now;
  }
  const auto holder = std::make_shared<Holder>(account, loop, &session, now);
  if (options_.shared) return Place(*this, holder);
  std::shared_ptr<Holder>& open = open_[account];
  if (open) {
    open->lost = true;
    open->loop.post([before = open] {
      if (before->session != nullptr) before->session->cancel();
    });
  }
  open = holder;
  return Place(*this, holder);
}

void Maildrops::leave(const Holder& holder) {
  const std::scoped_lock lock(mutex_);
  const auto found = open_.find(holder.account);
  if (found != open_.end() && found->second.get() == &holder) open_.erase(found);
}

Maildrops::Place::~Place() {
  if (!holder_) return;
  holder_->session = nullptr;
  maildrops_->leave(*holder_);
}

Maildrops::Place& Maildrops::Place::operator=(Place&& other) noexcept {
  std::swap(maildrops_, other.maildrops_);
  std::swap(holder_, other.holder_);
  return *this;
}

void Maildrops::Place::touch() {
  if (holder_) holder_->heard = maildrops_->clock_.mono();
}

bool Maildrops::Place::is_lost() const { return holder_ && holder_->lost; }

}  // namespace pabal::pop3
