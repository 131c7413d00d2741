// pabal journey ...

#include "account/address.h"
#include "app/admin/tables.h"
#include "app/admin/views.h"
#include "app/units.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "base/utf8.h"
#include "journey/finder.h"
#include "journey/live.h"
#include "journey/telling.h"

namespace pabal::app {
namespace {

using journey::Journey;
using journey::JourneyId;
using net::Task;

constexpr std::int64_t kDefaultLimit = 50;
constexpr std::int64_t kMaxLimit = 100'000;
constexpr std::size_t kPage = 50;
/// A line to someone who follows though nothing happens, so that we notice when he has gone.
constexpr std::chrono::seconds kSignOfLife{15};
/// Of one journey as it is shown. Told and as events, with every byte escaped, it stays under
/// kMaxAnswerBytes.
constexpr std::size_t kMaxShownBytes = 256 * 1024;

// ---- What people write.

Result<JourneyId> parse_id(const std::string& text) {
  const auto id = JourneyId::parse(text);
  if (!id) {
    return fail(
        ErrorKind::kRefuse,
        "'{}' is no journey: a journey's name is 13 letters and digits; 'pabal journey find' shows them",
        repair_utf8(utf8_prefix(text, 64)));
  }
  return *id;
}

std::optional<unsigned> take_digits(Cursor& in, std::size_t count) {
  const auto digits = in.take_bytes(count);
  if (!digits) return std::nullopt;
  unsigned value = 0;
  for (const char c : *digits) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

/// 2026-11-21, 2026-11-21T12:30 or 2026-11-21T12:30:15, with or without a Z; always UTC.
std::optional<WallTime> parse_moment(std::string_view text) {
  Cursor in(text);
  const auto year = take_digits(in, 4);
  const auto month = in.take_char('-') ? take_digits(in, 2) : std::nullopt;
  const auto day = in.take_char('-') ? take_digits(in, 2) : std::nullopt;
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day));
  if (!date.ok()) return std::nullopt;
  WallTime moment = std::chrono::sys_days(date);
  if (in.take_char('T') || in.take_char(' ')) {
    const auto hour = take_digits(in, 2);
    const auto minute = in.take_char(':') ? take_digits(in, 2) : std::nullopt;
    const auto second = in.take_char(':') ? take_digits(in, 2) : std::optional(0U);
    if (!hour || *hour > 23 || !minute || *minute > 59 || !second || *second > 60) return std::nullopt;
    moment += std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
    in.take_char('Z');
  }
  return in.at_end() ? std::optional(moment) : std::nullopt;
}

Result<std::optional<WallTime>> parse_when(const Params& params, std::string_view name, WallTime now) {
  const auto text = params.find_text(name);
  if (!text) return std::nullopt;
  if (const auto moment = parse_moment(*text)) return moment;
  if (const auto ago = parse_duration(*text)) return now - *ago;
  return fail(ErrorKind::kRefuse,
              "{}: '{}' is no time; write 2h for two hours ago, 2026-11-21, or 2026-11-21T12:30 in UTC", name,
              repair_utf8(utf8_prefix(*text, 64)));
}

Result<std::optional<std::string>> parse_key(const Params& params, std::string_view name) {
  if (!params.has(name)) return std::nullopt;
  PABAL_TRY(const account::Address address, params.address(name));
  return address.key();
}

std::string without_brackets(std::string text) {
  if (text.starts_with('<') && text.ends_with('>')) return text.substr(1, text.size() - 2);
  return text;
}

Result<journey::Query> parse_query(const Params& params, WallTime now) {
  journey::Query query;
  if (const auto id = params.find_text("message_id")) query.message_id = without_brackets(*id);
  PABAL_TRY(query.sender, parse_key(params, "sender"));
  PABAL_TRY(query.recipient, parse_key(params, "recipient"));
  PABAL_TRY(query.since, parse_when(params, "since", now));
  PABAL_TRY(query.until, parse_when(params, "until", now));
  return query;
}

// ---- What they see.

Json to_json(const journey::Event& event) {
  Json facts = Json::array();
  for (const journey::Fact& fact : event.facts) {
    facts.push(Json::object({{"name", journey::to_string(fact.name)}, {"value", repair_utf8(fact.value)}}));
  }
  Json out = Json::object({{"at", journey::to_rfc3339(event.at)},
                           {"stage", journey::to_string(event.stage)},
                           {"facts", std::move(facts)}});
  if (event.dialogue.empty()) return out;
  Json dialogue = Json::array();
  for (const journey::WireLine& line : event.dialogue) {
    dialogue.push(Json::object({{"at", journey::to_rfc3339(event.at + line.after)},
                                {"from", line.from == journey::WireLine::From::kUs ? "us" : "peer"},
                                {"line", repair_utf8(line.text)}}));
  }
  out.set("dialogue", std::move(dialogue));
  return out;
}

Json to_json(const std::vector<journey::Event>& events) {
  Json out = Json::array();
  for (const journey::Event& event : events) out.push(to_json(event));
  return out;
}

/// What is the same for a row of a table and for a whole journey.
Json summary_of(const Journey& journey) {
  Json recipients = Json::array();
  for (const std::string& recipient : journey.terms.recipients) recipients.push(repair_utf8(recipient));
  return Json::object({{"id", journey.id.to_string()},
                       {"came", to_text(journey.id.time())},
                       {"sender", repair_utf8(journey.terms.sender)},
                       {"recipients", std::move(recipients)},
                       {"message_id", repair_utf8(journey.terms.message_id)},
                       {"outcome", journey::outcome_word(journey)},
                       {"summary", journey::tell_summary(journey)}});
}

std::size_t bytes_of(const journey::Event& event) {
  std::size_t bytes = 64;
  for (const journey::Fact& fact : event.facts) bytes += fact.value.size() + 16;
  for (const journey::WireLine& line : event.dialogue) bytes += line.text.size() + 32;
  return bytes;
}

void reduce(journey::Event& event) {
  constexpr std::size_t kFacts = 12;
  if (event.dialogue.empty() && event.facts.size() <= kFacts) return;
  event.dialogue.clear();
  event.facts.resize(std::min(event.facts.size(), kFacts));
  event.add(journey::FactName::kLeftOut, "details that have no room here");
}

/// How it began and how it ended is shown as it is; of what lies between, as much as has room. A letter to a
/// thousand people that is tried for five days makes ten megabytes of it.
void shorten(std::vector<journey::Event>& events) {
  constexpr std::size_t kEvents = 200;
  std::size_t bytes = 0;
  for (const journey::Event& event : events) bytes += bytes_of(event);
  for (const std::size_t whole : {20, 1}) {
    for (std::size_t i = whole; i + whole < events.size() && bytes > kMaxShownBytes; ++i) {
      bytes -= bytes_of(events[i]);
      reduce(events[i]);
      bytes += bytes_of(events[i]);
    }
  }
  if (bytes <= kMaxShownBytes || events.size() <= kEvents) return;
  const std::size_t too_many = events.size() - kEvents;
  const auto first = events.begin() + kEvents / 2;
  const auto rest = events.erase(first, first + static_cast<std::ptrdiff_t>(too_many));
  rest->add(journey::FactName::kLeftOut, fmt::format("{} events before this one", too_many));
}

// ---- The methods.

Task<Result<Json>> find_journeys(AdminServices& services, const Params& params, Reply& reply) {
  PABAL_CO_TRY(const journey::Query query, parse_query(params, services.clock.wall()));
  const std::int64_t limit = params.find_number("limit").value_or(kDefaultLimit);
  if (limit < 1 || limit > kMaxLimit)
    co_return fail(ErrorKind::kRefuse, "limit must be from 1 to {}", kMaxLimit);
  journey::Finder finder(services.store);
  std::size_t left = static_cast<std::size_t>(limit);
  std::optional<JourneyId> before;
  do {
    PABAL_CO_TRY(const journey::FoundPage page, co_await finder.find(query, std::min(left, kPage), before));
    for (const Journey& journey : page.journeys) PABAL_CO_TRY_VOID(co_await reply.item(summary_of(journey)));
    left -= page.journeys.size();
    before = page.next_before;
  } while (before && left > 0);
  co_return Json::object({{"count", static_cast<std::size_t>(limit) - left}, {"more", before.has_value()}});
}

Task<Result<Json>> show_journey(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const JourneyId id, parse_id(params.text("id")));
  journey::Finder finder(services.store);
  PABAL_CO_TRY(auto journey, co_await finder.load(id));
  if (!journey) {
    co_return fail(ErrorKind::kRefuse, "there is no journey {}; it may be forgotten already", id.to_string());
  }
  Json result = summary_of(*journey);
  shorten(journey->events);
  result.set("events", to_json(journey->events));
  result.set("unreadable_entries", journey->unreadable);
  result.set("text", journey::tell(*journey));
  co_return result;
}

Json to_json(const journey::News& news) {
  if (const auto* const entry = std::get_if<std::shared_ptr<const journey::Entry>>(&news.what)) {
    std::vector<journey::Event> events = (*entry)->events;
    shorten(events);
    return Json::object({{"id", (*entry)->id.to_string()},
                         {"events", to_json(events)},
                         {"text", journey::tell_live(**entry)}});
  }
  const auto& line = std::get<journey::Overheard>(news.what);
  return Json::object({{"id", line.id.to_string()},
                       {"at", journey::to_rfc3339(line.at)},
                       {"from", line.from == journey::WireLine::From::kUs ? "us" : "peer"},
                       {"line", repair_utf8(line.text)},
                       {"text", journey::tell_live(line)}});
}

Task<Result<void>> send(Reply& reply, const journey::News& news) {
  if (news.missed != 0) {
    PABAL_CO_TRY_VOID(co_await reply.item(Json::object(
        {{"missed", news.missed}, {"text", fmt::format("({} more, too fast to show)\n", news.missed)}})));
  }
  PABAL_CO_TRY_VOID(co_await reply.item(to_json(news)));
  co_return co_await reply.flush();
}

Task<Result<Json>> follow_journeys(AdminServices& services, const Params& params, Reply& reply) {
  if (!services.journeys) co_return fail(ErrorKind::kRefuse, "only a running server can be followed");
  std::optional<JourneyId> only;
  if (params.has("id")) {
    PABAL_CO_TRY(only, parse_id(params.text("id")));
  }
  const net::Context context = co_await net::current_context();
  PABAL_CO_TRY(const auto following, services.journeys->follow(only));
  PABAL_CO_TRY_VOID(co_await reply.progress("Following; Ctrl-C ends it."));
  for (;;) {
    const auto news = co_await following->next(context.loop->in(kSignOfLife));
    if (news) {
      PABAL_CO_TRY_VOID(co_await send(reply, *news));
    } else if (news.error().kind == ErrorKind::kDeadline) {
      PABAL_CO_TRY_VOID(co_await reply.progress(""));
    } else if (news.error().kind == ErrorKind::kClose) {
      PABAL_CO_TRY_VOID(co_await reply.progress("The server stops."));
      co_return Json::object({{"ended", "the server stops"}});
    } else {
      co_return std::unexpected(news.error());
    }
  }
}

}  // namespace

std::vector<Method> journey_methods() {
  return {
      {.name = "journey.find",
       .summary = "List letters, the newest first, and what became of them",
       .params = {{"message_id", ParamType::kText, Need::kOptional, "the letter's Message-ID"},
                  {"sender", ParamType::kAddress, Need::kOptional, "from this envelope sender"},
                  {"recipient", ParamType::kAddress, Need::kOptional, "to this recipient"},
                  {"since", ParamType::kText, Need::kOptional,
                   "that came then or later: 2h (ago), 2026-11-21, 2026-11-21T12:30 (UTC)"},
                  {"until", ParamType::kText, Need::kOptional, "that came before, written likewise"},
                  {"limit", ParamType::kNumber, Need::kOptional, "at most so many; 50 if not given"}},
       .show = {.shape = Show::Shape::kTable,
                .sentence = "There is no such letter, or none any more.",
                .columns = {{"id", "JOURNEY"},
                            {"came", "CAME", Column::As::kTime},
                            {"sender", "FROM"},
                            {"recipients", "TO"},
                            {"outcome", "OUTCOME"}}},
       .handler = find_journeys,
       .example = "journey find --recipient bob@example.org --since 2h"},
      {.name = "journey.show",
       .summary = "Tell the way of a letter, with every dialogue it was in",
       .params = {{"id", ParamType::kText, Need::kRequired,
                   "the journey, as 'journey find', the queue, the log and Received lines name it"}},
       .show = {.shape = Show::Shape::kText},
       .handler = show_journey,
       .example = "journey show 0c7vj2m4k8r1x"},
      {.name = "journey.follow",
       .summary = "Watch letters travel, live",
       .params = {{"id", ParamType::kText, Need::kOptional, "this letter alone"}},
       .show = {.shape = Show::Shape::kStream},
       .handler = follow_journeys,
       .server_only = true},
  };
}

}  // namespace pabal::app
