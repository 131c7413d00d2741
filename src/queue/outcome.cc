#include "queue/outcome.h"

#include <utility>

#include "base/utf8.h"

namespace pabal::queue {
namespace {

using Fate = RecipientResult::Fate;
using journey::Event;
using journey::FactName;
using journey::Stage;

/// One event for all recipients that fared alike.
class Gatherer {
 public:
  Gatherer(std::vector<Event>& events, WallTime now) : events_(events), now_(now), first_(events.size()) {}

  /// Nothing of `like` but what the event tells is compared.
  Event& event(Stage stage, const Recipient& recipient, const RecipientResult& like,
               std::uint32_t attempt = 0) {
    Event fresh{.at = now_, .stage = stage};
    const std::size_t facts_before = fresh.facts.size();
    if (!like.host.empty()) fresh.add(FactName::kHost, like.host);
    if (like.reply.code != 0) fresh.add(FactName::kReply, like.reply.to_string());
    if (!like.reason.empty()) fresh.add(FactName::kReason, like.reason);
    if (like.may_have_arrived) {
      fresh.add(FactName::kReason,
                "The answer to the letter was lost on the way: the other side may have it already, and may "
                "get it twice.");
    }
    if (attempt > 0) fresh.add(FactName::kAttempt, std::to_string(attempt));
    fresh.add(FactName::kRecipient, recipient.address.to_string());
    const std::size_t alike = fresh.facts.size() - facts_before - 1;
    for (std::size_t i = first_; i < events_.size(); ++i) {
      Event& known = events_[i];
      if (known.stage != stage || known.facts.size() <= alike) continue;
      if (!std::equal(fresh.facts.begin(), fresh.facts.end() - 1, known.facts.begin())) continue;
      if (known.facts[alike].name != FactName::kRecipient) continue;
      known.facts.push_back(std::move(fresh.facts.back()));
      return known;
    }
    return events_.emplace_back(std::move(fresh));
  }

  std::size_t first() const { return first_; }

 private:
  std::vector<Event>& events_;
  WallTime now_;
  std::size_t first_;
};

void clip(std::string& text, std::size_t max) {
  if (text.size() > max) text.resize(utf8_prefix(text, max).size());
}

void clip(RecipientResult& result) {
  clip(result.reply.text, kMaxKeptReplyBytes);
  clip(result.host, kMaxKeptHostBytes);
  clip(result.reason, kMaxKeptReasonBytes);
}

/// It will not arrive: says so, and notes whether the sender is to be told.
void fail_recipient(Task& task, const Letter& letter, Recipient recipient, RecipientResult result,
                    Gatherer& gather, Gatherer& dropped) {
  result.fate = Fate::kFailed;
  gather.event(Stage::kFailed, recipient, result);
  if (letter.sender && wants_failure(recipient)) {
    task.owed.push_back({std::move(recipient), std::move(result)});
    return;
  }
  RecipientResult why;
  why.reason = letter.sender ? "No report was made: the sender asked for none."
                             : "No report was made: the letter is one itself.";
  dropped.event(Stage::kDropped, recipient, why);
}

std::string patience_ended(const RetryPolicy& policy, std::string_view last) {
  std::string reason = fmt::format("We tried for {}, and gave up.", in_words(policy.give_up));
  if (!last.empty()) reason += fmt::format(" The last time: {}", last);
  return reason;
}

RecipientResult given_up(RecipientResult result, const RetryPolicy& policy) {
  result.reason = patience_ended(policy, result.reason);
  // RFC 3463 §3.5: 4.4.7, delivery time expired; the peer's own code says more, if it gave one.
  if (result.status.status_class != 4) result.status = {4, 4, 7};
  clip(result);
  return result;
}

/// Puts the drops behind the failures.
void append(std::vector<Event>& events, std::vector<Event> more) {
  for (Event& event : more) events.push_back(std::move(event));
}

Outcome fail_all(Task& task, const Letter& letter, WallTime now, auto&& result_of) {
  Outcome out;
  std::vector<Event> drops;
  Gatherer gather(out.events, now);
  Gatherer dropped(drops, now);
  for (std::size_t i = 0; i < task.recipients.size(); ++i) {
    RecipientResult last = task.last_results.empty() ? RecipientResult{} : std::move(task.last_results[i]);
    fail_recipient(task, letter, std::move(task.recipients[i]), result_of(std::move(last)), gather, dropped);
    ++out.failed;
  }
  task.recipients.clear();
  task.last_results.clear();
  append(out.events, std::move(drops));
  return out;
}

}  // namespace

bool wants_failure(const Recipient& recipient) {
  return !recipient.parameters.notify || recipient.parameters.notify->failure;
}
bool wants_success(const Recipient& recipient) {
  return recipient.parameters.notify && recipient.parameters.notify->success;
}
bool wants_delay(const Recipient& recipient) {
  return !recipient.parameters.notify || recipient.parameters.notify->delay;
}

bool is_reply_untold(const RecipientResult& result) {
  return result.reply.code != 0 && result.reason.find(result.reply.to_string()) == std::string::npos;
}

std::string in_words(std::chrono::seconds span) {
  const auto say = [](std::int64_t count, std::string_view unit) {
    return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
  };
  if (span.count() % 86400 == 0 && span.count() > 0) return say(span.count() / 86400, "day");
  if (span.count() >= 3600) return say(span.count() / 3600, "hour");
  if (span.count() >= 60) return say(span.count() / 60, "minute");
  return say(span.count(), "second");
}

Outcome conclude(Task& task, const Letter& letter, ErrandReport report, const RetryPolicy& policy,
                 WallTime now, bool stopping, Random& random) {
  Outcome out{.events = std::move(report.events)};
  std::vector<Event> drops;
  Gatherer gather(out.events, now);
  Gatherer dropped(drops, now);
  std::vector<Recipient> recipients = std::exchange(task.recipients, {});
  task.last_results.clear();
  if (!stopping) ++task.attempts;
  const bool too_late = !stopping && is_given_up(policy, task.since, now);

  report.recipients.resize(recipients.size());  // a courier owes one a recipient; less is "later"
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    Recipient& recipient = recipients[i];
    RecipientResult& result = report.recipients[i];
    clip(result);
    if (result.fate == Fate::kRelayed) {
      ++out.relayed;
      gather.event(Stage::kRelayed, recipient, result, task.attempts);
      if (letter.sender && wants_success(recipient) && !result.reports_itself)
        task.owed.push_back({std::move(recipient), std::move(result)});
    } else if (result.fate == Fate::kFailed || too_late) {
      ++out.failed;
      if (result.fate != Fate::kFailed) result = given_up(std::move(result), policy);
      fail_recipient(task, letter, std::move(recipient), std::move(result), gather, dropped);
    } else {
      ++out.deferred;
      task.recipients.push_back(std::move(recipient));
      task.last_results.push_back(std::move(result));
    }
  }
  if (!task.recipients.empty()) {
    task.passed_over = report.hosts == ErrandReport::Hosts::kUnreachable;
    if (!stopping) task.next_try = next_try(policy, task.since, now, random);
    for (std::size_t i = 0; i < task.recipients.size(); ++i) {
      RecipientResult said = task.last_results[i];
      if (stopping && said.reason.empty()) said.reason = "The server was shut down meanwhile.";
      gather.event(Stage::kDeferred, task.recipients[i], said, task.attempts);
    }
    for (std::size_t i = gather.first(); i < out.events.size(); ++i) {
      if (out.events[i].stage == Stage::kDeferred)
        out.events[i].add(FactName::kNextTry, smtp::format_utc_time(task.next_try));
    }
  }
  append(out.events, std::move(drops));
  return out;
}

Outcome pass_over(Task& task, const account::DomainName& domain, std::string_view trouble,
                  const RetryPolicy& policy, WallTime now, Random& random) {
  Outcome out;
  out.deferred = task.recipients.size();
  task.next_try = next_try(policy, task.since, now, random);
  RecipientResult why{.status = {4, 4, 1},
                      .reason = fmt::format("No attempt was made, since {} takes no mail for now: {}",
                                            domain.unicode(), trouble)};
  clip(why);
  if (task.last_results.empty()) task.last_results.assign(task.recipients.size(), why);
  if (std::exchange(task.passed_over, true)) return out;
  Gatherer gather(out.events, now);
  for (const Recipient& recipient : task.recipients) gather.event(Stage::kDeferred, recipient, why);
  for (Event& event : out.events) event.add(FactName::kNextTry, smtp::format_utc_time(task.next_try));
  return out;
}

Outcome give_up(Task& task, const Letter& letter, const RetryPolicy& policy, WallTime now) {
  return fail_all(task, letter, now, [&](RecipientResult last) { return given_up(std::move(last), policy); });
}

Outcome bounce(Task& task, const Letter& letter, std::string_view reason, WallTime now) {
  return fail_all(task, letter, now, [&](RecipientResult last) {
    // RFC 3463 §3.8: 5.7.0, a matter of policy; what a peer said before is not why.
    last.reply = {};
    last.status = {5, 7, 0};
    last.reason = reason.empty() ? "The operator of this mail server sent the letter back." : reason;
    clip(last);
    return last;
  });
}

}  // namespace pabal::queue
