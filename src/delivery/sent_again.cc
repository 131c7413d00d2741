#include "delivery/sent_again.h"

namespace pabal::delivery {

journey::ResendToken SentAgain::token_of(const std::string& letter) {
  std::uint32_t heard = 0;
  {
    const std::lock_guard lock(mutex_);
    if (const std::uint32_t* const before = answers_.find(letter)) heard = *before;
  }
  return heard == 0 ? journey::make_resend_token(letter)
                    : journey::make_resend_token(fmt::format("{}\n{}", letter, heard));
}

void SentAgain::answer_heard(const std::string& letter) {
  const std::lock_guard lock(mutex_);
  ++answers_.find_or_add(letter);
}

}  // namespace pabal::delivery
