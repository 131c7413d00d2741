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

SentAgain::Moment SentAgain::now() {
  const std::lock_guard lock(mutex_);
  return now_;
}

journey::ResendToken SentAgain::token_of(const journey::ResendToken& letter, Moment began) {
  std::uint32_t heard = 0;
  {
    const std::lock_guard lock(mutex_);
    if (const Answers* const answers = answers_.find(beginning_of(letter)))
      heard = answers->heard - (answers->last > began ? 1 : 0);
  }
  return heard == 0 ? letter : journey::make_resend_token(fmt::format("{}\n{}", letter.value(), heard));
}

void SentAgain::answer_heard(const journey::ResendToken& letter) {
  const std::lock_guard lock(mutex_);
  now_ = Moment(now_.value() + 1);
  Answers& answers = answers_.find_or_add(beginning_of(letter));
  ++answers.heard;
  answers.last = now_;
}

}  // namespace pabal::delivery
