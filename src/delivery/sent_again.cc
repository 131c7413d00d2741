#include "delivery/sent_again.h"

#include <algorithm>
#include <cstring>

namespace pabal::delivery {

namespace {

std::uint64_t beginning_of(const journey::ResendToken& token) {
  std::uint64_t beginning = 0;
  std::memcpy(&beginning, token.value().data(), std::min(sizeof(beginning), token.value().size()));
  return beginning;
}

}  // namespace

journey::ResendToken SentAgain::token_of(const journey::ResendToken& letter) {
  std::uint32_t heard = 0;
  {
    const std::lock_guard lock(mutex_);
    if (const std::uint32_t* const before = answers_.find(beginning_of(letter))) heard = *before;
  }
  return heard == 0 ? letter : journey::make_resend_token(fmt::format("{}\n{}", letter.value(), heard));
}

void SentAgain::answer_heard(const journey::ResendToken& letter) {
  const std::lock_guard lock(mutex_);
  ++answers_.find_or_add(beginning_of(letter));
}

}  // namespace pabal::delivery
