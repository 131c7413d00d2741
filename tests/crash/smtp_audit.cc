#include "smtp_audit.h"

#include <charconv>
#include <set>

#include "base/ascii.h"
#include "base/encoding.h"
#include "net/loop.h"

namespace pabal::crash {

using net::Task;

namespace {

// A letter of so many is read whole, and its journey told.
constexpr std::uint64_t kSample = 20;
// Letters that a kill may catch: those on the wire, and those whose outcome waits for the disk. Both have a
// slot of their domain's.
constexpr std::size_t kMaxUnderWay = kDomains * kConnectionsPerDomain;
constexpr std::chrono::seconds kPatience{20};
constexpr std::chrono::milliseconds kLook{20};

std::string text_of(const Json& json, std::string_view name) {
  const Json* const member = json.find(name);
  return member && member->as_text() ? *member->as_text() : std::string();
}

class Audit {
 public:
  Audit(const Server& server, Ledger& ledger, const std::vector<MonoTime>& killed_at)
      : server_(server), ledger_(ledger), killed_at_(killed_at) {}

  Task<Result<AuditReport>> run() {
    for (const Letter& letter : ledger_.letters())
      if (!letter.answered) fault(letter, "was never answered");
    for (const std::string_view resident : kResidents)
      PABAL_CO_TRY_VOID(co_await look_into_mailbox(std::string(resident)));
    PABAL_CO_TRY_VOID(co_await read_reports());
    look_outside();
    for (const Letter& letter : ledger_.letters())
      if (letter.number % kSample == 0) PABAL_CO_TRY_VOID(co_await hear_journey(letter));
    co_return report_;
  }

 private:
  void fault(std::string what) { ledger_.faults.push_back(std::move(what)); }
  void fault(const Letter& letter, std::string_view what) {
    fault(fmt::format("letter {} (sent {} times): {}", letter.number, letter.sendings, what));
  }

  Task<Result<std::string>> read(std::string mailbox, Json id) {
    PABAL_CO_TRY(const auto shown,
                 co_await server_.ask("letter.show", Json::object({{"address", mailbox}, {"id", id}})));
    std::string text;
    for (const Json& piece : shown.items)
      text += from_base64(text_of(piece, "base64")).value_or("(not base64)");
    co_return text;
  }

  Task<Result<void>> look_into_mailbox(std::string mailbox);
  Task<Result<void>> read_reports();
  void look_outside();
  void look_at_receipts(const Letter& letter, const std::string& recipient);
  Task<Result<std::vector<Json>>> find_journeys(const Letter& letter);
  Task<Result<void>> hear_journey(const Letter& letter);

  const Server& server_;
  Ledger& ledger_;
  const std::vector<MonoTime>& killed_at_;
  std::map<std::uint64_t, std::set<std::string>> twice_;  // letter and domain, by the life whose end hid it
  AuditReport report_;
};

Task<Result<void>> Audit::look_into_mailbox(std::string mailbox) {
  PABAL_CO_TRY(const auto list, co_await server_.ask("letter.list", Json::object({{"address", mailbox}})));
  std::vector<unsigned> copies(ledger_.letters().size());
  for (const Json& item : list.items) {
    const std::string subject = text_of(item, "subject");
    std::uint64_t number = 0;
    const bool is_number =
        std::from_chars(subject.data(), subject.data() + subject.size(), number).ec == std::errc();
    const Letter* const letter = is_number ? ledger_.find(number) : nullptr;
    if (!letter) {
      fault(fmt::format("{} has a letter that nobody sent: {}", mailbox, item.to_text()));
      continue;
    }
    ++copies[number];
    if (number % kSample != 0) continue;
    PABAL_CO_TRY(const std::string text, co_await read(mailbox, *item.find("id")));
    if (!text.ends_with(ledger_.text_of(*letter)))
      fault(*letter, fmt::format("lies in {} with other bytes", mailbox));
  }
  for (const Letter& letter : ledger_.letters()) {
    const unsigned wanted = std::ranges::find(letter.local, mailbox) == letter.local.end() ? 0 : 1;
    report_.in_mailboxes += copies[letter.number];
    if (copies[letter.number] != wanted)
      fault(letter, fmt::format("lies {} times in {}, not {}", copies[letter.number], mailbox, wanted));
  }
  co_return Result<void>();
}

// Each refused recipient is named by one report, and nobody else by any.
Task<Result<void>> Audit::read_reports() {
  const std::string mailbox(kSender);
  constexpr std::string_view kField = "Final-Recipient: rfc822;";
  std::map<std::string, unsigned, std::less<>> named;
  PABAL_CO_TRY(const auto list, co_await server_.ask("letter.list", Json::object({{"address", mailbox}})));
  for (const Json& item : list.items) {
    PABAL_CO_TRY(const std::string text, co_await read(mailbox, *item.find("id")));
    for (auto at = text.find(kField); at != std::string::npos; at = text.find(kField, at + 1)) {
      std::string_view address = std::string_view(text).substr(at + kField.size());
      address = address.substr(0, address.find("\r\n"));
      address.remove_prefix(std::min(address.find_first_not_of(' '), address.size()));
      ++named[std::string(address)];
    }
  }
  for (const Letter& letter : ledger_.letters()) {
    for (const std::string& recipient : letter.remote) {
      const unsigned wanted = recipient.front() == static_cast<char>(Fate::kRefused) ? 1 : 0;
      const auto found = named.find(recipient);
      const unsigned reports = found == named.end() ? 0 : found->second;
      report_.sent_back += reports;
      if (reports != wanted)
        fault(letter, fmt::format("{} is named by {} reports, not {}", recipient, reports, wanted));
    }
  }
  co_return Result<void>();
}

void Audit::look_outside() {
  for (const Letter& letter : ledger_.letters())
    for (const std::string& recipient : letter.remote) look_at_receipts(letter, recipient);
  for (const auto& [life, letters] : twice_) {
    report_.most_for_one_kill = std::max(report_.most_for_one_kill, letters.size());
    if (letters.size() > kMaxUnderWay)
      fault(fmt::format("the kill of life {} hid what became of {} letters, more than were under way", life,
                        letters.size()));
  }
}

void Audit::look_at_receipts(const Letter& letter, const std::string& recipient) {
  const bool refused = recipient.front() == static_cast<char>(Fate::kRefused);
  const auto found = ledger_.receipts.find(recipient);
  const std::size_t count = found == ledger_.receipts.end() ? 0 : found->second.size();
  if (refused != (count == 0)) return fault(letter, fmt::format("{} received it {} times", recipient, count));
  if (count == 0) return;
  ++report_.outside;
  const std::vector<Receipt>& receipts = found->second;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    ++report_.twice_outside;
    const std::uint64_t life = receipts[i].life;
    // SMTP can't know whether a letter arrived whose answer was lost (RFC 1047); but nothing was lost here.
    if (life == receipts[i + 1].life || life > killed_at_.size()) {
      fault(letter, fmt::format("{} received it twice in life {}", recipient, life));
      continue;
    }
    twice_[life].insert(fmt::format("{} {}", letter.number, recipient.substr(recipient.find('@'))));
    report_.longest_before_kill = std::max(
        report_.longest_before_kill,
        std::chrono::duration_cast<std::chrono::microseconds>(killed_at_[life - 1] - receipts[i].at));
  }
}

// What a crash kept out of the index is put there while the server is up already.
Task<Result<std::vector<Json>>> Audit::find_journeys(const Letter& letter) {
  const net::Context context = co_await net::current_context();
  const MonoTime give_up = context.loop->in(kPatience).at;
  for (;;) {
    PABAL_CO_TRY(
        auto found,
        co_await server_.ask("journey.find", Json::object({{"message_id", ledger_.message_id_of(letter)}})));
    if (!found.items.empty() || context.loop->clock().mono() > give_up) co_return std::move(found.items);
    PABAL_CO_TRY_VOID(co_await net::sleep_until(context.loop->in(kLook)));
  }
}

Task<Result<void>> Audit::hear_journey(const Letter& letter) {
  PABAL_CO_TRY(const auto journeys, co_await find_journeys(letter));
  if (journeys.empty()) fault(letter, "has no journey");
  for (const Json& item : journeys) {
    PABAL_CO_TRY(const auto shown,
                 co_await server_.ask("journey.show", Json::object({{"id", text_of(item, "id")}})));
    ++report_.journeys;
    const std::string outcome = text_of(shown.result, "outcome");
    static constexpr std::string_view kGood[] = {"delivered", "relayed", "failed", "mixed"};
    const std::string summary = to_lower(text_of(shown.result, "summary"));
    if (std::ranges::find(kGood, outcome) == std::end(kGood) ||
        summary.find("waiting to reach") != std::string::npos)
      fault(letter, fmt::format("its journey {} ends badly: {}: {}", text_of(item, "id"), outcome, summary));
  }
  co_return Result<void>();
}

}  // namespace

Task<Result<AuditReport>> audit(const Server& server, Ledger& ledger,
                                const std::vector<MonoTime>& killed_at) {
  Audit audit(server, ledger, killed_at);
  co_return co_await audit.run();
}

}  // namespace pabal::crash
