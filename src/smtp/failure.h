// Why a letter could not be handed over, in the three words that decide what happens next: who it concerns,
// whether time may heal it, and at which stage it happened. One table says so for every reply.
// Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "smtp/reply.h"

namespace pabal::smtp {

enum class Stage : std::uint8_t {
  kGreeting,
  kHello,  ///< EHLO, HELO, LHLO
  kStartTls,
  kLogin,
  kMail,
  kRcpt,
  kData,    ///< DATA's 354
  kLetter,  ///< the reply to the letter itself
};
std::string_view to_string(Stage stage);

enum class FailureScope : std::uint8_t {
  kSession,    ///< the two are out of step: a fresh session with the same host may do
  kHost,       ///< another host of the same domain may do better; so may this one for all its letters
  kMessage,    ///< this letter, for all its recipients
  kRecipient,  ///< one recipient
};
enum class Permanence : std::uint8_t { kTemporary, kPermanent };

struct Failure {
  Stage stage = Stage::kGreeting;
  FailureScope scope = FailureScope::kHost;
  Permanence permanence = Permanence::kTemporary;
  Reply reply;         ///< the peer's own; code 0 if it said none
  std::string detail;  ///< ours, if the peer said none: a timeout, a broken connection, an extension it lacks

  /// The recipient is fine, the transaction is full: send to it in another one at once (RFC 5321
  /// §4.5.3.1.10).
  bool too_many_recipients = false;
  /// The letter was sent whole and the answer got lost: the peer may have it all the same
  /// (RFC 5321 §4.5.3.2.6, RFC 1047). Sending it again is right, and may make it arrive twice.
  bool may_have_arrived = false;
  /// The handshake failed where encryption was only wished for: connect again without it.
  bool retry_in_clear = false;
};

/// What a refusing reply (4xx, 5xx, or one that makes no sense at that stage) means.
Failure classify(Stage stage, Reply reply);
/// The same for a connection that broke, timed out or speaks something else: the host's fault, for now.
Failure classify(Stage stage, const Error& error);

/// For logs and journeys: "RCPT: 550 5.1.1 No such person here".
std::string to_string(const Failure& failure);

}  // namespace pabal::smtp
