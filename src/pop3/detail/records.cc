#include "pop3/detail/records.h"

#include <algorithm>

namespace pabal::pop3::detail {
namespace {

// Letters whose ids lie within so many of each other are read by one scan.
constexpr std::uint64_t kMaxSpread = 2;

}  // namespace

net::Task<Result<const mailbox::LetterRecord*>> RecordsAhead::load(const Maildrop& maildrop,
                                                                   Position message) {
  if (message < first_ || message >= first_ + records_.size()) {
    const bool goes_on = message == first_ + records_.size() && window_ > 0;
    window_ = goes_on ? std::min(window_ * 8, kMaxWindow) : 1;
    first_ = message;
    records_.clear();
    PABAL_CO_TRY_VOID(co_await fill(maildrop));
  }
  const auto& record = records_[message - first_];
  co_return record ? &*record : nullptr;
}

net::Task<Result<void>> RecordsAhead::fill(const Maildrop& maildrop) {
  std::vector<mailbox::LetterId> ids;
  const std::size_t end = std::min<std::size_t>(maildrop.size(), first_ + window_);
  for (Position message = first_; message < end; ++message) ids.push_back(maildrop[message].letter);
  const std::uint64_t span = ids.back().value() - ids.front().value() + 1;
  const bool side_by_side = std::ranges::is_sorted(ids) && span <= ids.size() * kMaxSpread;
  if (ids.size() == 1 || !side_by_side) {
    PABAL_CO_TRY(records_, co_await mailboxes_.find_all(account_, std::move(ids)));
    co_return Result<void>();
  }
  const mailbox::LetterId before(ids.front().value() - 1);
  PABAL_CO_TRY(mailbox::LetterPage page, co_await mailboxes_.list(account_, before, span));
  records_.resize(ids.size());
  auto found = page.items.begin();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    while (found != page.items.end() && found->id < ids[i]) ++found;
    if (found != page.items.end() && found->id == ids[i]) records_[i] = std::move(found->record);
  }
  // A page of long records may have ended early; the rest is loaded when it is asked for.
  if (page.more) {
    std::size_t known = ids.size();
    while (known > 1 && !records_[known - 1]) --known;
    records_.resize(known);
  }
  co_return Result<void>();
}

}  // namespace pabal::pop3::detail
