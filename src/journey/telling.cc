// What became of a letter, and its whole way.
#include "journey/telling.h"

#include <fmt/chrono.h>

#include <algorithm>

#include "base/ascii.h"
#include "journey/detail/words.h"
#include "journey/fate.h"

namespace pabal::journey {

namespace {

using detail::Said;

// ---- What became of it.

struct Group {
  std::vector<std::string_view> recipients;
  const Event* last = nullptr;
  std::string host = {};  // of them all; empty if they went different ways
};

Group group_of(const std::vector<RecipientFate>& all, Fate fate) {
  Group group;
  for (const RecipientFate& each : all) {
    if (each.fate != fate) continue;
    if (!each.recipient.empty()) group.recipients.push_back(each.recipient);
    const std::string_view host = each.decided_by->find(FactName::kHost);
    if (!group.last) group.host = host;
    if (group.host != host) group.host.clear();
    if (!group.last || each.decided_by->at >= group.last->at) group.last = each.decided_by;
  }
  return group;
}

std::string clause(Fate fate, const Group& group, const Journey& journey) {
  const Said said(*group.last);
  const auto whom = [&](std::string_view before) {
    return group.recipients.empty() ? std::string()
                                    : fmt::format("{}{}", before, detail::list_of(group.recipients));
  };
  const auto came = std::ranges::find(journey.events, Stage::kAccepted, &Event::stage);
  const std::string when = fmt::format(
      " at {}{}", detail::moment_of(group.last->at),
      came == journey.events.end()
          ? ""
          : fmt::format(", {} after it came", detail::duration_of(std::max(group.last->at - came->at, {}))));
  const std::string next =
      said.has(FactName::kNextTry)
          ? fmt::format("{} {}", fate == Fate::kHeld ? " until" : "; the next try is at",
                        detail::moment_of(group.last->find(FactName::kNextTry), WallTime{}) + " UTC")
          : "";
  switch (fate) {
    case Fate::kStored:
      return "delivered" + whom(" to ") + when;
    case Fate::kRelayed:
      return "relayed" + (group.host.empty() ? "" : " to " + detail::harmless(group.host)) + whom(" for ") +
             when;
    case Fate::kWaiting:
      return "waiting" + whom(" to reach ") + next;
    case Fate::kHeld:
      return "held back" + whom(" for ") + next;
    case Fate::kFailed: {
      // An earlier report only said that it takes long.
      const bool told = std::ranges::any_of(journey.events, [&](const Event& event) {
        return event.stage == Stage::kReported && event.at >= group.last->at;
      });
      return "not delivered" + whom(" to ") + (told ? ", and the sender was told" : "");
    }
    case Fate::kDropped:
      return "dropped" + whom(" for ");
  }
  return {};
}

constexpr std::pair<Fate, std::string_view> kFates[] = {
    {Fate::kStored, "delivered"}, {Fate::kRelayed, "relayed"}, {Fate::kWaiting, "waiting"},
    {Fate::kHeld, "held"},        {Fate::kFailed, "failed"},   {Fate::kDropped, "dropped"},
};

std::string tell_head(const Journey& journey) {
  const auto fact = [&](FactName name) {
    for (const Event& event : journey.events) {
      if (!event.find(name).empty()) return detail::harmless(event.find(name));
    }
    return std::string();
  };
  std::string out = fmt::format("Journey {}\n", journey.id.to_string());
  const auto came = std::ranges::find_if(
      journey.events, [](const Event& event) { return !event.find(FactName::kSender).empty(); });
  if (came != journey.events.end()) {
    const Said said(*came);
    out += fmt::format("From {}{}\n", said.sender(""), said.recipients(" to "));
  }
  if (const std::string subject = fact(FactName::kSubject); !subject.empty())
    out += fmt::format("Subject: {}\n", subject);
  if (const std::string id = fact(FactName::kMessageId); !id.empty())
    out += fmt::format("Message-ID: <{}>\n", id);
  return out;
}

}  // namespace

std::string to_rfc3339(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", seconds, (time - seconds).count());
}

std::string_view outcome_word(const Journey& journey) {
  const std::vector<RecipientFate> all = fates(journey.events);
  if (all.empty()) {
    const bool refused =
        std::ranges::find(journey.events, Stage::kRefused, &Event::stage) != journey.events.end();
    const bool came =
        std::ranges::find(journey.events, Stage::kAccepted, &Event::stage) != journey.events.end();
    return refused && !came ? "refused" : "accepted";
  }
  const Fate fate = all.front().fate;
  const bool same = std::ranges::all_of(all, [&](const RecipientFate& each) { return each.fate == fate; });
  return same ? std::ranges::find(kFates, fate, &std::pair<Fate, std::string_view>::first)->second : "mixed";
}

std::string tell_summary(const Journey& journey) {
  const std::vector<RecipientFate> all = fates(journey.events);
  std::string out;
  for (const auto& [fate, word] : kFates) {
    const Group group = group_of(all, fate);
    if (!group.last) continue;
    if (!out.empty()) out += "; ";
    out += clause(fate, group, journey);
  }
  if (out.empty()) out = outcome_word(journey) == "refused" ? "refused: it did not come in" : "on its way";
  return detail::capitalized(std::move(out)) + ".";
}

std::string tell(const Journey& journey) {
  std::string out = tell_head(journey);
  out += fmt::format("{}\n", tell_summary(journey));
  std::string day;
  for (const Event& event : journey.events) {
    if (std::string date = detail::date_of(event.at); date != day) {
      day = std::move(date);
      out += fmt::format("\n{} UTC\n", day);
    }
    out += tell_event(event);
  }
  if (journey.unreadable == 1)
    out += "\nThere is more, in 1 entry that is damaged or was written by a newer version.\n";
  if (journey.unreadable > 1)
    out +=
        fmt::format("\nThere is more, in {} entries that are damaged or were written by a newer version.\n",
                    journey.unreadable);
  return out;
}

}  // namespace pabal::journey
