#include "smtp/failure.h"

#include <array>

namespace pabal::smtp {
namespace {

constexpr unsigned bit(Stage stage) { return 1u << static_cast<unsigned>(stage); }
constexpr unsigned kOpening =
    bit(Stage::kGreeting) | bit(Stage::kHello) | bit(Stage::kStartTls) | bit(Stage::kLogin);
constexpr unsigned kAll = 0xff;

/// 0 and -1 stand for any.
struct Row {
  unsigned stages;
  int code;
  int severity;
  int subject;  ///< of the enhanced code
  int detail;
  FailureScope scope;
  Permanence permanence;
};

using enum FailureScope;
using enum Permanence;

/// The first row that fits decides.
constexpr std::array kTable = {
    // The host closes, or its store is full, or it is out of order: nothing to do with this letter.
    Row{kAll, 421, 0, -1, -1, kHost, kTemporary},
    // Wrong credentials are our operator's mistake; letters wait until it is mended.
    Row{bit(Stage::kLogin) | bit(Stage::kStartTls), 0, 0, -1, -1, kHost, kTemporary},
    Row{kOpening, 0, 5, -1, -1, kHost, kPermanent},
    Row{kOpening, 0, 0, -1, -1, kHost, kTemporary},
    // RFC 5321 §4.5.3.1.10: some say 552 when they mean "too many recipients", which is 452.
    Row{bit(Stage::kRcpt), 552, 0, 5, 3, kRecipient, kTemporary},
    Row{bit(Stage::kRcpt), 0, 4, 5, 3, kRecipient, kTemporary},
    Row{bit(Stage::kMail) | bit(Stage::kData) | bit(Stage::kLetter), 452, 0, -1, -1, kHost, kTemporary},
    // A bad sequence of commands, where ours is right: the host has another idea of what came before.
    Row{bit(Stage::kMail), 503, 0, -1, -1, kSession, kTemporary},
    // X.3.4 is about the letter's size, X.3.1 and X.3.2 about the host (RFC 3463 §3.4).
    Row{kAll, 0, 4, 3, 1, kHost, kTemporary},
    Row{kAll, 0, 4, 3, 2, kHost, kTemporary},
    Row{kAll, 0, 5, 3, 2, kHost, kPermanent},
    // It wants a login, or encryption, that we do not have for it: another host may not.
    Row{bit(Stage::kMail), 530, 0, -1, -1, kHost, kPermanent},
    Row{bit(Stage::kRcpt), 0, 5, -1, -1, kRecipient, kPermanent},
    Row{bit(Stage::kRcpt), 0, 4, -1, -1, kRecipient, kTemporary},
    Row{kAll, 0, 5, -1, -1, kMessage, kPermanent},
    Row{kAll, 0, 4, -1, -1, kMessage, kTemporary},
    // 2xx or 3xx where it has no meaning: the peer is confused.
    Row{kAll, 0, 0, -1, -1, kHost, kTemporary},
};

bool fits(const Row& row, Stage stage, const Reply& reply) {
  if ((row.stages & bit(stage)) == 0) return false;
  if (row.code != 0 && row.code != reply.code) return false;
  if (row.severity != 0 && row.severity != reply.severity()) return false;
  if (row.subject >= 0 && (!reply.enhanced || row.subject != reply.enhanced->subject)) return false;
  return row.detail < 0 || (reply.enhanced && row.detail == reply.enhanced->detail);
}

}  // namespace

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::kGreeting:
      return "greeting";
    case Stage::kHello:
      return "EHLO";
    case Stage::kStartTls:
      return "STARTTLS";
    case Stage::kLogin:
      return "AUTH";
    case Stage::kMail:
      return "MAIL";
    case Stage::kRcpt:
      return "RCPT";
    case Stage::kData:
      return "DATA";
    case Stage::kLetter:
      return "the letter";
  }
  return "";
}

Failure classify(Stage stage, Reply reply) {
  const Row& row = *std::ranges::find_if(kTable, [&](const Row& each) { return fits(each, stage, reply); });
  Failure out{stage, row.scope, row.permanence, std::move(reply), {}};
  const auto& enhanced = out.reply.enhanced;
  const bool says_too_many =
      enhanced ? enhanced->subject == 5 && enhanced->detail == 3 : out.reply.code == 452;
  out.too_many_recipients =
      stage == Stage::kRcpt && row.permanence == Permanence::kTemporary && says_too_many;
  return out;
}

Failure classify(Stage stage, const Error& error) {
  // Each layer words a wait that ran out in its own way; people are told one.
  const bool timed_out = error.kind == ErrorKind::kDeadline;
  return {stage,
          FailureScope::kHost,
          Permanence::kTemporary,
          {},
          timed_out ? "it did not answer in time" : error.detail};
}

std::string to_string(const Failure& failure) {
  const std::string what = failure.reply.code != 0 ? failure.reply.to_string() : failure.detail;
  return fmt::format("{}: {}", to_string(failure.stage), what);
}

}  // namespace pabal::smtp
