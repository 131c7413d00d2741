#include "queue/recipient_result.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace pabal::queue {
namespace {

using smtp::EnhancedCode;
using smtp::Failure;
using smtp::Stage;

/// RFC 3463 §3, by the basic code and the stage, for peers that give no enhanced code.
struct Meaning {
  Stage stage;
  int code;
  std::uint16_t subject;
  std::uint16_t detail;
};
constexpr std::array kMeanings = {
    Meaning{Stage::kRcpt, 450, 2, 1},     Meaning{Stage::kRcpt, 452, 2, 2},
    Meaning{Stage::kRcpt, 550, 1, 1},     Meaning{Stage::kRcpt, 551, 1, 6},
    Meaning{Stage::kRcpt, 552, 2, 2},     Meaning{Stage::kRcpt, 553, 1, 3},
    Meaning{Stage::kMail, 552, 3, 4},     Meaning{Stage::kData, 552, 3, 4},
    Meaning{Stage::kLetter, 552, 3, 4},   Meaning{Stage::kMail, 553, 1, 7},
    Meaning{Stage::kMail, 452, 3, 1},     Meaning{Stage::kData, 452, 3, 1},
    Meaning{Stage::kLetter, 452, 3, 1},   Meaning{Stage::kMail, 530, 7, 0},
    Meaning{Stage::kMail, 555, 5, 4},     Meaning{Stage::kRcpt, 555, 5, 4},
    Meaning{Stage::kLogin, 535, 7, 8},    Meaning{Stage::kLogin, 454, 7, 0},
    Meaning{Stage::kLogin, 0, 7, 0},      Meaning{Stage::kStartTls, 0, 7, 5},
    Meaning{Stage::kGreeting, 554, 3, 2},
};

EnhancedCode status_of(const Failure& failure) {
  const std::uint16_t status_class = failure.permanence == smtp::Permanence::kPermanent ? 5 : 4;
  const smtp::Reply& reply = failure.reply;
  if (reply.enhanced) return {status_class, reply.enhanced->subject, reply.enhanced->detail};
  if (failure.too_many_recipients) return {status_class, 5, 3};
  if (reply.closes()) return {status_class, 3, 2};
  const auto found = std::ranges::find_if(kMeanings, [&](const Meaning& each) {
    return each.stage == failure.stage && (each.code == reply.code || each.code == 0);
  });
  if (found != kMeanings.end()) return {status_class, found->subject, found->detail};
  // The connection broke or timed out: "bad connection" (RFC 3463 §3.5).
  if (reply.code == 0) return {status_class, 4, 2};
  return {status_class, 0, 0};
}

std::string_view object_of(Stage stage) {
  switch (stage) {
    case Stage::kGreeting:
      return "our call";
    case Stage::kHello:
      return "our greeting";
    case Stage::kStartTls:
      return "to encrypt";
    case Stage::kLogin:
      return "our login";
    case Stage::kMail:
      return "the sender";
    case Stage::kRcpt:
      return "the recipient";
    case Stage::kData:
    case Stage::kLetter:
      return "the letter";
  }
  return "";
}

std::string_view moment_of(Stage stage) {
  switch (stage) {
    case Stage::kGreeting:
      return "before it greeted us";
    case Stage::kHello:
      return "after our greeting";
    case Stage::kStartTls:
      return "while encryption was set up";
    case Stage::kLogin:
      return "during our login";
    case Stage::kMail:
    case Stage::kRcpt:
      return "before it took the letter's envelope";
    case Stage::kData:
      return "before it took the letter";
    case Stage::kLetter:
      return "while it took the letter";
  }
  return "";
}

std::string sentence_of(const Failure& failure, const std::string& host) {
  const smtp::Reply& reply = failure.reply;
  if (reply.code != 0) {
    const bool is_sense = reply.refused_for_now() || reply.refused_for_good();
    if (reply.closes()) return fmt::format("{} closed the session: {}", host, reply.to_string());
    if (failure.scope == smtp::FailureScope::kSession)
      return fmt::format("{} was out of step with us: {}", host, reply.to_string());
    if (!is_sense) return fmt::format("{} said what makes no sense there: {}", host, reply.to_string());
    return fmt::format("{} {} {}: {}", host, reply.refused_for_good() ? "refused" : "put off",
                       object_of(failure.stage), reply.to_string());
  }
  // Known before a word was said about the letter.
  if (reply.enhanced) return fmt::format("{}: {}.", host, failure.detail);
  if (failure.may_have_arrived) {
    return fmt::format(
        "{} got the whole letter, but its answer is lost ({}); the letter is sent again, and may arrive twice.",
        host, failure.detail);
  }
  return fmt::format("The session with {} ended {}: {}.", host, moment_of(failure.stage), failure.detail);
}

std::string bounded(std::string_view sentence) {
  return std::string(utf8_prefix(sentence, journey::kMaxFactBytes));
}

}  // namespace

RecipientResult relayed(smtp::Reply reply, const std::string& host, bool reports_itself) {
  RecipientResult out;
  out.fate = RecipientResult::Fate::kRelayed;
  out.host = host;
  out.status = reply.enhanced.value_or(smtp::status::kSuccess);
  out.reason = bounded(fmt::format("{} took the letter: {}", host, reply.to_string()));
  out.reply = std::move(reply);
  out.reports_itself = reports_itself;
  return out;
}

RecipientResult result_of(const Failure& failure, const std::string& host) {
  const bool for_good = failure.permanence == smtp::Permanence::kPermanent;
  RecipientResult out;
  out.fate = for_good ? RecipientResult::Fate::kFailed : RecipientResult::Fate::kDeferred;
  if (failure.reply.code != 0) out.reply = failure.reply;
  out.host = host;
  out.status = status_of(failure);
  out.reason = bounded(sentence_of(failure, host));
  out.may_have_arrived = failure.may_have_arrived;
  return out;
}

RecipientResult result_of_connecting(const Error& error, std::chrono::seconds waited,
                                     const std::string& host) {
  RecipientResult out;
  out.host = host;
  out.status = {4, 4, 1};
  if (error.kind == ErrorKind::kDeadline) {
    out.reason = fmt::format("{} did not answer within {} seconds.", host, waited.count());
  } else {
    // The dialer says "connecting to 192.0.2.7:25: Connection refused"; people know to where by now.
    std::string_view why = error.detail;
    if (const std::size_t colon = why.rfind(": "); colon != std::string_view::npos)
      why.remove_prefix(colon + 2);
    out.reason = fmt::format("{} could not be connected to: {}.", host, why);
  }
  return out;
}

RecipientResult deferred(smtp::EnhancedCode status, std::string reason) {
  return {.fate = RecipientResult::Fate::kDeferred, .status = status, .reason = std::move(reason)};
}

RecipientResult failed(smtp::EnhancedCode status, std::string reason) {
  return {.fate = RecipientResult::Fate::kFailed, .status = status, .reason = std::move(reason)};
}

}  // namespace pabal::queue
