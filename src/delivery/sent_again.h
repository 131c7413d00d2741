// By what a letter is known that its client sends once more. Same client, same envelope, same bytes: then it
// is the same letter, unless the client has shown that it heard our answer to the first; then it means it.
//
// Any thread may ask.
#pragma once

#include <cstdint>
#include <mutex>

#include "base/lru_map.h"
#include "base/strong.h"
#include "journey/resend_guard.h"

namespace pabal::delivery {

class SentAgain {
 public:
  /// A moment: how many answers were heard before it, to whatever letters.
  using Moment = Strong<struct MomentTag, std::uint64_t>;

  Moment now();
  /// The token of the letter, `letter` itself at first; another one for each time that an answer was heard.
  /// What is heard when the client sends already (`began`) says nothing about why: it may have lost an
  /// answer, and have sent the letter again on another connection, which was faster.
  journey::ResendToken token_of(const journey::ResendToken& letter, Moment began);
  /// The client knows that we have the letter.
  void answer_heard(const journey::ResendToken& letter);

 private:
  // A client that sends the very same letter twice on purpose does so soon; who comes after so many others
  // is taken for one that lost an answer.
  static constexpr std::size_t kMaxRemembered = 65'536;

  struct Answers {
    std::uint32_t heard = 0;
    Moment last = {};
  };

  std::mutex mutex_;
  Moment now_ = {};
  LruMap<std::uint64_t, Answers> answers_{kMaxRemembered};  // by the token's beginning: it is a hash
};

}  // namespace pabal::delivery
