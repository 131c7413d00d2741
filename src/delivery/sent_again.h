// By what a letter is known that its client sends once more. Same client, same envelope, same bytes: then it
// is the same letter, unless the client has shown that it heard our answer to the first; then it means it.
//
// Any thread may ask.
#pragma once

#include <cstdint>
#include <mutex>

#include "base/lru_map.h"
#include "journey/resend_guard.h"

namespace pabal::delivery {

class SentAgain {
 public:
  /// The token of the letter, `letter` itself at first; another one for each time that an answer was heard.
  journey::ResendToken token_of(const journey::ResendToken& letter);
  /// The client knows that we have the letter.
  void answer_heard(const journey::ResendToken& letter);

 private:
  // A client that sends the very same letter twice on purpose does so soon; who comes after so many others
  // is taken for one that lost an answer.
  static constexpr std::size_t kMaxRemembered = 65'536;

  std::mutex mutex_;
  LruMap<std::uint64_t, std::uint32_t> answers_{kMaxRemembered};  // by the token's beginning: it is a hash
};

}  // namespace pabal::delivery
