#include "imap/detail/read_ahead.h"

#include <algorithm>
#include <utility>

namespace pabal::imap::detail {

ReadAhead::ReadAhead(mailbox::Mailboxes& mailboxes, net::Loop& loop, net::CancelSource* cancel,
                     std::span<const std::optional<mailbox::LetterRecord>> letters,
                     std::uint64_t prefix_bytes)
    : mailboxes_(mailboxes), letters_(letters), prefix_bytes_(prefix_bytes), scope_(loop, cancel) {}

void ReadAhead::fill() {
  while (next_ < letters_.size() && ahead_.size() < kMaxLetters) {
    const auto& letter = letters_[next_];
    if (!letter) {
      ++next_;
      continue;
    }
    const std::uint64_t size = std::min(letter->size_bytes(), prefix_bytes_);
    if (!ahead_.empty() && held_bytes_ + size > kMaxBytes) return;
    held_bytes_ += size;
    scope_.spawn(read(ahead_.emplace_back(Ahead{.place = next_++, .size = size})));
  }
}

net::Task<void> ReadAhead::read(Ahead& ahead) {
  ahead.bytes = co_await mailboxes_.read(*letters_[ahead.place], 0, static_cast<std::size_t>(ahead.size));
  came_.notify_all();
}

net::Task<Result<std::string>> ReadAhead::take(std::size_t place) {
  // Passed over, since its facts were gone: whoever still writes into it is waited for.
  for (;;) {
    if (ahead_.empty()) next_ = std::max(next_, place);
    fill();
    if (ahead_.empty()) co_return fail(ErrorKind::kRefuse, "there is no such letter");
    Ahead& first = ahead_.front();
    while (!first.bytes) PABAL_CO_TRY_VOID(co_await came_.wait(net::Deadline::never()));
    Result<std::string> bytes = *std::move(first.bytes);
    const bool wanted = first.place == place;
    held_bytes_ -= first.size;
    ahead_.pop_front();
    if (!wanted) continue;
    fill();
    co_return std::move(bytes);
  }
}

net::Task<void> ReadAhead::leave() {
  scope_.cancel();
  co_await scope_.join();
}

}  // namespace pabal::imap::detail
