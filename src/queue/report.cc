#include "queue/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "message/builder.h"
#include "message/date.h"
#include "message/encoded_word.h"
#include "message/header.h"
#include "message/header_writer.h"
#include "message/message_id.h"
#include "queue/outcome.h"
#include "smtp/parameters.h"
#include "smtp/xtext.h"

namespace pabal::queue {

namespace {

using message::HeaderWriter;

constexpr std::size_t kTextColumns = 72;

struct Wording {
  std::string_view title;
  std::string_view what_happened;  ///< between the letter and its recipients
  std::string_view what_follows;
  std::string_view action;  ///< RFC 3464 §2.3.3
};

Wording wording_of(ReportKind kind) {
  switch (kind) {
    case ReportKind::kFailed:
      return {"Not delivered", "could not be delivered to:", "We will not try again.", "failed"};
    case ReportKind::kDelayed:
      return {"Delayed",
              "has not been delivered yet to:", "You need do nothing, and should not send it again.",
              "delayed"};
    case ReportKind::kRelayed:
      return {"Handed on", "was handed on to the mail servers of:",
              "Those servers send no reports, so we can't tell you when it arrives.", "relayed"};
    case ReportKind::kDelivered:
      return {"Delivered", "lies in the mailbox of:", "Whether it was read is another matter.", "delivered"};
  }
  return {};
}

/// What a person can do, by the subject and detail of the status (RFC 3463 §3); detail 0 is any.
struct Advice {
  std::uint16_t subject;
  std::uint16_t detail;
  std::string_view text;
};
constexpr Advice kAdvice[] = {
    {1, 1, "Look for a typing error in the part before the @, or ask for the right address."},
    {1, 2, "Look for a typing error in the part behind the @."},
    {1, 10, "That domain takes no mail at all. Ask for another address."},
    {1, 0, "Look for a typing error in the address, or ask for the right one."},
    {2, 2, "Their mailbox is full: write again in some days, or reach them another way."},
    {2, 3, "The letter is too large for them: send less at a time, or a link."},
    {2, 0, "Their mailbox can't be used: reach them another way, and tell them."},
    {3, 4, "The letter is too large for them: send less at a time, or a link."},
    {4, 0, "Look for a typing error in the part behind the @; if there is none, write again later."},
    {6, 7, "Their mail servers can't take addresses in this script: ask for another address."},
    {6, 0, "Their mail servers can't take a letter of this kind: send it in a simpler form."},
    {7, 0, "They refuse this letter as a matter of policy: the words above may say why."},
};
constexpr std::string_view kOtherAdvice =
    "If this does not help you, show this report to whoever runs your mail.";

std::string_view advice_for(const RecipientResult& result) {
  for (const Advice& advice : kAdvice) {
    const bool fits = advice.detail == 0 || advice.detail == result.status.detail;
    if (advice.subject == result.status.subject && fits) return advice.text;
  }
  return kOtherAdvice;
}

/// Breaks at blanks; a word that is too long stands alone.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  const std::string margin(indent, ' ');
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \r\n\t"), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (column > 0 && column + 1 + word.size() > kTextColumns) {
      out += '\n';
      column = 0;
    }
    out += column == 0 ? margin : " ";
    column += (column == 0 ? indent : 1) + word.size();
    out += word;
  }
  out += '\n';
}

std::string subject_of(const ReportFacts& facts) {
  const auto field = message::find_field(facts.returned, "Subject");
  return field ? message::decode_header_text(field->value) : std::string();
}

bool is_bad_news(ReportKind kind) { return kind == ReportKind::kFailed || kind == ReportKind::kDelayed; }

std::string text_for_people(const ReportFacts& facts) {
  const Wording wording = wording_of(facts.kind);
  std::string out;
  append_wrapped(out,
                 fmt::format("This is the mail server {}. A program writes this; nobody reads answers to it.",
                             facts.host_name),
                 0);
  out += "\nYour letter\n\n";
  if (const std::string subject = subject_of(facts); !subject.empty())
    append_wrapped(out, "Subject: " + subject, 4);
  append_wrapped(out, "Came to us: " + message::format_date(facts.letter.accepted), 4);
  out += fmt::format("\n{}\n", wording.what_happened);
  for (const Task::Ended& ended : facts.recipients) {
    const RecipientResult& result = ended.result;
    out += fmt::format("\n    {}\n", ended.recipient.address.to_display());
    if (is_bad_news(facts.kind) && !result.reason.empty()) append_wrapped(out, result.reason, 8);
    if (is_bad_news(facts.kind) ? is_reply_untold(result) : result.reply.code != 0) {
      append_wrapped(out, fmt::format("{} said:", result.host.empty() ? "The other side" : result.host), 8);
      append_wrapped(out, result.reply.to_string(), 12);
    }
    if (facts.kind == ReportKind::kFailed) append_wrapped(out, advice_for(result), 8);
  }
  out += '\n';
  append_wrapped(out, wording.what_follows, 0);
  if (facts.will_retry_until) {
    append_wrapped(out,
                   fmt::format("We keep trying until {}, and tell you if it fails in the end.",
                               message::format_date(*facts.will_retry_until)),
                   0);
  }
  out += '\n';
  append_wrapped(out,
                 facts.returned_whole ? "Below are the facts for programs, and your letter."
                                      : "Below are the facts for programs, and the header of your letter.",
                 0);
  return out;
}

/// One field of the part for programs: on one line, and in ASCII where it must be.
class StatusFields {
 public:
  explicit StatusFields(bool utf8) : utf8_(utf8) {}

  void add(std::string_view name, std::string_view value) {
    out_.append(name).append(": ");
    for (const char c : value) {
      if (is_control(c)) {
        out_ += ' ';
      } else {
        out_ += utf8_ || is_ascii(c) ? c : '?';
      }
    }
    out_ += "\r\n";
  }
  /// RFC 6533 §3: an address over ASCII has the type utf-8, in the form that the part can carry.
  void add_address(std::string_view name, std::string_view type, std::string_view address) {
    const bool international = equals_ignoring_case(type, "utf-8") || !is_ascii(address);
    if (!international) return add(name, fmt::format("{}; {}", type, address));
    add(name, fmt::format("utf-8; {}", utf8_ ? std::string(address) : smtp::to_unitext(address, false)));
  }
  void next_group() { out_ += "\r\n"; }
  std::string take() { return std::move(out_); }

 private:
  const bool utf8_;
  std::string out_;
};

/// RFC 3463 §2 and RFC 3461 §6.3 (g): of the class that the news has.
smtp::EnhancedCode status_of(ReportKind kind, const RecipientResult& result) {
  smtp::EnhancedCode status = result.status;
  switch (kind) {
    case ReportKind::kRelayed:
    case ReportKind::kDelivered:
      return {2, 0, 0};
    case ReportKind::kDelayed:
      if (status.status_class != 4) status.status_class = 4;
      return status;
    case ReportKind::kFailed:
      if (status.status_class != 4 && status.status_class != 5) return {5, 0, 0};
      return status;
  }
  return status;
}

/// "mx.hamburger.edu [192.0.2.7]:25" without address and port.
std::string_view host_of(std::string_view host) { return host.substr(0, host.find(' ')); }

/// RFC 4865 §5.1.2: the parameter of MAIL, as the client gave it.
std::string as_asked(const smtp::Hold& hold) {
  if (const auto* span = std::get_if<std::chrono::seconds>(&hold))
    return fmt::format("for;{}", span->count());
  return "until;" + smtp::format_utc_time(std::get<WallTime>(hold));
}

std::string facts_for_programs(const ReportFacts& facts) {
  const Letter& letter = facts.letter;
  StatusFields fields(letter.smtputf8);
  if (letter.envid) fields.add("Original-Envelope-Id", *letter.envid);
  fields.add("Reporting-MTA", fmt::format("dns; {}", facts.host_name));
  fields.add("Arrival-Date", message::format_date(letter.accepted));
  if (letter.hold) fields.add("Future-Release-Request", as_asked(*letter.hold));
  for (const Task::Ended& ended : facts.recipients) {
    const RecipientResult& result = ended.result;
    fields.next_group();
    if (const auto& original = ended.recipient.parameters.original)
      fields.add_address("Original-Recipient", original->type, original->address);
    fields.add_address("Final-Recipient", "rfc822", ended.recipient.address.to_string());
    fields.add("Action", wording_of(facts.kind).action);
    fields.add("Status", status_of(facts.kind, result).to_string());
    if (!result.host.empty()) fields.add("Remote-MTA", fmt::format("dns; {}", host_of(result.host)));
    if (result.reply.code != 0)
      fields.add("Diagnostic-Code", fmt::format("smtp; {}", result.reply.to_string()));
    if (facts.will_retry_until) fields.add("Will-Retry-Until", message::format_date(*facts.will_retry_until));
  }
  return fields.take();
}

message::Entity returned_part(const ReportFacts& facts) {
  using message::Entity;
  if (facts.returned_whole) return Entity::letter(std::string(facts.returned));
  const bool international = facts.letter.smtputf8 && !is_ascii(facts.returned);
  return international ? Entity::bytes("message", "global-headers", std::string(facts.returned))
                       : Entity::bytes("text", "rfc822-headers", std::string(facts.returned));
}

}  // namespace

bool returns_whole(ReportKind kind, const Letter& letter, std::uint64_t max_bytes) {
  // A binary letter fits into no report that travels by lines (RFC 3030 §3).
  return kind == ReportKind::kFailed && letter.ret != smtp::Ret::kHeaders &&
         letter.body != smtp::Body::kBinaryMime && letter.size_bytes() <= max_bytes;
}

std::string build_report(const ReportFacts& facts, const Clock& clock, Random& random) {
  using message::Entity;
  const Letter& letter = facts.letter;
  const auto script = letter.smtputf8 ? HeaderWriter::Script::kUtf8 : HeaderWriter::Script::kAscii;
  const message::Address from{
      .name = "Mail Delivery", .local_part = "mailer-daemon", .domain = std::string(facts.host_name)};
  const message::Address to{.local_part = letter.sender->local_part(),
                            .domain = letter.sender->domain().ascii()};

  HeaderWriter header(script);
  header.add_date("Date", {.utc = std::chrono::floor<std::chrono::seconds>(clock.wall())});
  header.add_addresses("From", {{from}});
  header.add_addresses("To", {{to}});
  const std::string subject = subject_of(facts);
  const std::string_view title = wording_of(facts.kind).title;
  header.add_text("Subject", subject.empty() ? std::string(title) : fmt::format("{}: {}", title, subject));
  const std::string id[] = {message::make_message_id(random, clock, facts.host_name)};
  header.add_message_ids("Message-ID", id);
  if (!letter.message_id.empty()) {
    const std::string about[] = {letter.message_id};
    header.add_message_ids("In-Reply-To", about);
    header.add_message_ids("References", about);
  }
  header.add_structured("Auto-Submitted", "auto-replied");  // RFC 3834 §5

  Entity machine = Entity::bytes("message", letter.smtputf8 ? "global-delivery-status" : "delivery-status",
                                 facts_for_programs(facts));
  Entity report = Entity::report(
      "delivery-status", {Entity::text(text_for_people(facts)), std::move(machine), returned_part(facts)});
  return message::build_letter(header.take(), report, random,
                               {.allow_8bit = letter.smtputf8, .script = script});
}

}  // namespace pabal::queue
