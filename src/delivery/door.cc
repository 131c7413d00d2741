#include "delivery/door.h"

#include <algorithm>
#include <map>

#include "message/header.h"
#include "net/scope.h"

namespace pabal::delivery {

namespace {

using journey::Event;
using journey::FactName;
using journey::Stage;
using smtp::EnhancedCode;
using smtp::Reply;

// What is read of a letter for the sake of its header, which is rarely longer.
constexpr std::size_t kReturnedHeaderBytes = 64 * 1024;

Reply accepted(journey::JourneyId id) {
  return {250, smtp::status::kLetterOk, fmt::format("Message accepted for delivery, id {}", id.to_string())};
}
Reply come_again() {
  return {451, smtp::status::kTrySystemLater, "The letter can't be stored now; send it again later"};
}

Reply reply_for(const Error& error) {
  if (error.kind == ErrorKind::kOverLimit) return {452, EnhancedCode{4, 2, 2}, "The mailbox is full"};
  return come_again();
}

// A refused recipient can be looked for like the others.
void tell_refusals(const Refusals& refusals, journey::Entry& entry) {
  for (const Refusals::Refusal& refusal : refusals.told()) {
    entry.terms.recipients.push_back(refusal.recipient.key());
    Event& event = entry.events.emplace_back(Event{.at = refusal.at, .stage = Stage::kRefused});
    event.add(FactName::kRecipient, refusal.recipient.to_string());
    event.add(FactName::kOurReply, refusal.reply.to_string());
  }
  if (refusals.untold() == 0) return;
  entry.events.back().add(FactName::kReason, fmt::format("{} more recipient{} refused.", refusals.untold(),
                                                         refusals.untold() == 1 ? " was" : "s were"));
}

std::string shown(const std::optional<account::Address>& sender) {
  return sender ? sender->to_string() : "<>";
}

}  // namespace

/// Who gets a copy. Two recipients may lead to one mailbox; it gets one.
struct Door::Copies {
  struct Local {
    LocalTarget target;
    std::string via;
    std::vector<std::size_t> recipients;  ///< whose answer this is
    Result<void> outcome = {};
  };
  std::vector<Local> local;
  std::vector<queue::Recipient> remote;
  std::vector<std::string> remote_via;
  std::vector<std::size_t> remote_recipients;
  Result<void> remote_outcome = {};

  explicit Copies(const Incoming& letter) {
    std::map<account::AccountId, std::size_t> by_account;
    for (std::size_t i = 0; i < letter.recipients.size(); ++i) {
      const Route& route = letter.recipients[i];
      if (letter.parameters.hold) {  // it waits for all of them, and comes back when its time has come
        add_remote(route.named, route);
        remote_recipients.push_back(i);
        continue;
      }
      for (const LocalTarget& target : route.local) {
        const auto [at, added] = by_account.try_emplace(target.account, local.size());
        if (added) local.push_back({target, route.via, {}});
        local[at->second].recipients.push_back(i);
      }
      for (const account::Address& address : route.remote) add_remote(address, route);
      if (!route.remote.empty()) remote_recipients.push_back(i);
    }
  }

  void add_remote(const account::Address& address, const Route& route) {
    const bool there =
        std::ranges::any_of(remote, [&](const queue::Recipient& other) { return other.address == address; });
    if (there) return;
    remote.push_back({address, route.parameters});
    remote_via.push_back(route.via);
  }
};

net::Task<std::vector<Reply>> Door::take(Incoming letter) {
  Copies copies(letter);
  const net::Context context = co_await net::current_context();
  if (copies.local.size() == 1 && copies.remote.empty()) {
    co_await put_in_mailbox(letter, copies, 0);  // nearly every letter: no need to gather anybody
  } else {
    // Not to be cancelled half way: some would have the letter and its sender would not know.
    net::Scope scope(*context.loop);
    if (!copies.remote.empty()) scope.spawn(put_in_queue(letter, copies));
    for (std::size_t i = 0; i < copies.local.size(); ++i) scope.spawn(put_in_mailbox(letter, copies, i));
    co_await scope.join();
  }

  std::vector<Reply> replies(letter.recipients.size(), accepted(letter.id));
  std::vector<std::size_t> delivered;
  std::vector<std::size_t> too_full;
  for (const Copies::Local& copy : copies.local) {
    for (const std::size_t i : copy.recipients) {
      const auto& notify = letter.recipients[i].parameters.notify;
      if (copy.outcome) {
        if (notify && notify->success) delivered.push_back(i);
      } else {
        replies[i] = reply_for(copy.outcome.error());
        if (copy.outcome.error().kind == ErrorKind::kOverLimit) too_full.push_back(i);
      }
    }
  }
  if (!copies.remote_outcome) {
    for (const std::size_t i : copies.remote_recipients) replies[i] = come_again();
  }
  // SMTP has one answer for all. Where some have the letter and a mailbox is full, we keep it and tell the
  // sender; else the client would come again for days, for the sake of one.
  const auto is_kept = [](const Reply& reply) { return reply.accepted(); };
  const bool some_have_it = std::ranges::any_of(replies, is_kept);
  if (letter.origin.profile != smtp::Profile::kLmtp && some_have_it && !too_full.empty()) {
    if (co_await tell_sender(letter, queue::ReportKind::kFailed, too_full)) {
      for (const std::size_t i : too_full) replies[i] = accepted(letter.id);
    }
  }
  // Good news that gets lost in a crash is no loss of mail: nobody waits for it.
  if (!delivered.empty())
    std::ignore = co_await tell_sender(letter, queue::ReportKind::kDelivered, delivered);
  co_return replies;
}

net::Task<Result<void>> Door::tell_sender(const Incoming& letter, queue::ReportKind kind,
                                          std::vector<std::size_t> recipients) {
  if (!letter.sender) co_return Result<void>();  // no reports about reports (RFC 5321 §4.5.5)
  const queue::Letter about = as_queued(letter);
  PABAL_CO_TRY(std::string returned, co_await parts_.engine.read_blob(about.blob, 0, kReturnedHeaderBytes));
  returned = about.preamble + returned.substr(0, message::header_size(returned));
  std::vector<queue::Task::Ended> ended;
  std::string what = fmt::format("{} {}", letter.id.to_string(), static_cast<int>(kind));
  for (const std::size_t i : recipients) {
    const Route& route = letter.recipients[i];
    if (kind == queue::ReportKind::kFailed && route.parameters.notify && !route.parameters.notify->failure) {
      continue;
    }
    queue::RecipientResult result;
    result.fate = queue::RecipientResult::Fate::kFailed;
    result.status = {4, 2, 2};
    result.reason = "The mailbox is full.";
    ended.push_back({.recipient = {route.named, route.parameters}, .result = std::move(result)});
    what += " " + route.named.key();
  }
  if (ended.empty()) co_return Result<void>();
  const std::string text = queue::build_report({.kind = kind,
                                                .letter = about,
                                                .recipients = ended,
                                                .host_name = options_.host_name,
                                                .returned = returned},
                                               parts_.clock, parts_.random);
  auto sent = co_await send({.to = *letter.sender,
                             .letter = text,
                             .smtputf8 = letter.parameters.smtputf8,
                             .about = letter.id,
                             .token = journey::make_resend_token(what)});
  // A sender who can't be told can't be told later either.
  if (!sent && sent.error().kind != ErrorKind::kRefuse) co_return failure_of(std::move(sent));
  co_return Result<void>();
}

std::string Door::trace_of(const Incoming& letter) const {
  if (!letter.trace.empty()) return letter.trace;
  const bool alone = letter.recipients.size() == 1;
  std::string trace = received_line(letter.origin, options_.host_name, letter.id.to_string(),
                                    alone ? letter.recipients.front().named.to_string() : "", letter.arrived);
  trace += letter.fields;
  if (letter.header.is_empty) trace += "\r\n";
  return trace;
}

// What every copy's journey begins with.
journey::Entry Door::entry_for(const Incoming& letter, bool first) const {
  journey::Entry entry{.id = letter.id, .terms = {}, .events = {}};
  entry.terms.message_id = letter.header.message_id;
  if (letter.sender) entry.terms.sender = letter.sender->key();
  for (const Route& route : letter.recipients) entry.terms.recipients.push_back(route.named.key());
  if (!first) return entry;

  Event event{.at = letter.began, .stage = Stage::kAccepted, .facts = {}, .dialogue = letter.dialogue};
  const Origin& origin = letter.origin;
  const auto add = [&event](FactName name, std::string value) {
    if (!value.empty()) event.add(name, std::move(value));
  };
  event.facts.reserve(10 + letter.recipients.size());
  add(FactName::kClient, origin.client);
  add(FactName::kHelo, origin.helo);
  add(FactName::kProtocol, origin.protocol);
  add(FactName::kTls, origin.tls);
  add(FactName::kLogin, origin.login);
  add(FactName::kSender, shown(letter.sender));
  for (const Route& route : letter.recipients) add(FactName::kRecipient, route.named.to_string());
  add(FactName::kSize, fmt::format_int(letter.blob.size_bytes).str());
  add(FactName::kMessageId, letter.header.message_id);
  add(FactName::kSubject, letter.header.subject);
  add(FactName::kBy, options_.host_name);
  entry.events.push_back(std::move(event));
  tell_refusals(letter.refusals, entry);
  return entry;
}

net::Task<void> Door::put_in_mailbox(const Incoming& letter, Copies& copies, std::size_t index) {
  Copies::Local& copy = copies.local[index];
  mailbox::Arrival arrival;
  arrival.letter = {.blob = letter.blob.id,
                    .blob_bytes = letter.blob.size_bytes,
                    .received = letter.arrived,
                    .journey = letter.id,
                    .recipient = copy.target.address.to_string(),
                    .preamble = delivery_lines(letter.sender, copy.target.address) + trace_of(letter)};
  if (letter.blob.bytes) arrival.blob = letter.blob;
  arrival.token = letter.token;
  arrival.quota = copy.target.quota;
  arrival.facts = letter.facts;
  arrival.entry = entry_for(letter, index == 0);
  Event stored{.at = parts_.clock.wall(), .stage = Stage::kStored, .facts = {}, .dialogue = {}};
  stored.add(FactName::kRecipient, arrival.letter.recipient);
  stored.add(FactName::kFolder, "INBOX");
  if (!copy.via.empty()) stored.add(FactName::kVia, copy.via);
  arrival.entry.events.push_back(std::move(stored));

  auto placed = co_await parts_.mailboxes.append(copy.target.account, std::move(arrival));
  if (!placed) copy.outcome = failure_of(std::move(placed));
}

queue::Letter Door::as_queued(const Incoming& letter) const {
  queue::Letter waiting;
  waiting.id = letter.id;
  waiting.sender = letter.sender;
  waiting.message_id = letter.header.message_id;
  waiting.preamble = trace_of(letter);
  waiting.blob = letter.blob.id;
  waiting.blob_bytes = letter.blob.size_bytes;
  waiting.body = letter.parameters.body == smtp::Body::kBinaryMime ? smtp::Body::kBinaryMime
                 : letter.has_8bit                                 ? smtp::Body::kEightBitMime
                                                                   : smtp::Body::kSevenBit;
  waiting.smtputf8 = letter.parameters.smtputf8;
  waiting.ret = letter.parameters.ret;
  waiting.envid = letter.parameters.envid;
  waiting.require_tls = letter.parameters.require_tls;
  waiting.accepted = letter.arrived;
  waiting.hold = letter.parameters.hold ? letter.parameters.hold : letter.was_held;
  waiting.submitter = letter.origin.account;
  return waiting;
}

net::Task<void> Door::put_in_queue(const Incoming& letter, Copies& copies) {
  queue::Submission submission;
  submission.letter = as_queued(letter);
  submission.to = copies.remote;
  if (letter.blob.bytes) submission.blob = letter.blob;
  submission.token = letter.token;
  submission.entry = entry_for(letter, copies.local.empty());
  for (std::size_t i = 0; i < copies.remote.size(); ++i) {
    if (copies.remote_via[i].empty()) continue;
    Event routed{.at = letter.arrived, .stage = Stage::kRouted, .facts = {}, .dialogue = {}};
    routed.add(FactName::kVia, copies.remote_via[i]);
    routed.add(FactName::kRecipient, copies.remote[i].address.to_string());
    submission.entry.events.push_back(std::move(routed));
  }
  auto added = co_await parts_.queue.add(std::move(submission));
  if (!added) copies.remote_outcome = failure_of(std::move(added));
}

net::Task<Result<journey::JourneyId>> Door::send(Report report) {
  auto route = co_await parts_.router.route(report.to, Origin::ours());
  if (!route) {
    const Reply& refusal = route.error();
    co_return fail(refusal.refused_for_good() ? ErrorKind::kRefuse : ErrorKind::kRetryLater, "{}",
                   refusal.to_string());
  }
  const auto writer = parts_.engine.new_blob();
  PABAL_CO_TRY_VOID(co_await writer->write(report.letter));
  Incoming letter;
  PABAL_CO_TRY(letter.blob, co_await writer->finish());
  letter.id = parts_.journal.new_id();
  letter.origin = Origin::ours();
  letter.parameters.smtputf8 = report.smtputf8;
  letter.recipients.push_back(*std::move(route));
  letter.header = read_header(std::string_view(report.letter).substr(0, message::header_size(report.letter)));
  letter.facts = mailbox::storable_facts(message::read_letter(report.letter));
  letter.has_8bit =
      std::ranges::any_of(report.letter, [](char c) { return static_cast<signed char>(c) < 0; });
  letter.began = letter.arrived = parts_.clock.wall();
  letter.token = std::move(report.token);
  const journey::JourneyId id = letter.id;
  const std::vector<Reply> replies = co_await take(std::move(letter));
  if (!replies.front().accepted()) co_return fail(ErrorKind::kRetryLater, "{}", replies.front().to_string());
  co_return id;
}

}  // namespace pabal::delivery
