// What the crash test of the whole server knows of its letters: what was written and sent, what the server
// has answered for, and what the world outside received. It lives in the harness, which is never killed. On
// the harness' loop alone.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"

namespace pabal::crash {

inline constexpr std::string_view kHome = "home.example";
inline constexpr std::string_view kSender = "alice@home.example";
/// Who lives at home beside the sender, whose mailbox gets nothing but reports.
inline constexpr std::string_view kResidents[] = {"bob@home.example", "carol@home.example",
                                                  "dave@home.example"};
/// Enough to be spread over the queue's shards.
inline constexpr std::size_t kDomains = 6;
/// Small, so that a kill catches few letters on the wire.
inline constexpr std::size_t kConnectionsPerDomain = 4;

std::string domain_name(std::size_t index);

/// What the sink says to a recipient; the first letter of the address, before the letter's number.
enum class Fate : char { kTaken = 't', kPutOff = 'p', kRefused = 'r' };

struct Letter {
  std::uint64_t number = 0;
  std::size_t size_bytes = 0;           ///< about
  std::vector<std::string_view> local;  ///< addresses at home
  std::vector<std::string> remote;      ///< addresses elsewhere
  bool hang_up = false;                 ///< the client does not wait for the answer, and sends it again
  std::uint64_t sendings = 0;           ///< how often its last byte was sent
  bool answered = false;                ///< with 250
};

/// A recipient got a letter outside.
struct Receipt {
  std::uint64_t life = 0;  ///< of the server, which of them brought it
  MonoTime at = {};
};

class Ledger {
 public:
  explicit Ledger(std::uint64_t seed) : seed_(seed), random_(seed) {}

  /// A new one; stays where it is.
  Letter& write();
  /// What is sent of it, each time the same.
  std::string text_of(const Letter& letter) const;
  std::string message_id_of(const Letter& letter) const;

  Letter* find(std::uint64_t number);
  /// By an address of the sink's.
  Letter* find(std::string_view remote_address);
  const std::deque<Letter>& letters() const { return letters_; }

  std::map<std::string, std::vector<Receipt>, std::less<>> receipts;  ///< by remote address
  std::vector<std::string> faults;
  std::uint64_t answers = 0;
  std::uint64_t sent_again = 0;
  std::uint64_t put_off = 0;  ///< the server said 4xx

 private:
  const std::uint64_t seed_;
  SeededRandom random_;
  std::deque<Letter> letters_;  // by number
};

}  // namespace pabal::crash
