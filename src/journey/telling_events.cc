// One event in a sentence or two: a function for each stage.
#include "journey/detail/words.h"
#include "journey/telling.h"

namespace pabal::journey {

namespace {

using detail::Said;
using detail::Text;

constexpr std::string_view kDialogueIndent = "                ";

// ---- The stages, each in its words.

Text accepted(const Said& said) {
  std::vector<std::string> marks;
  if (said.has(FactName::kSize)) marks.push_back(detail::size_of(said.get(FactName::kSize)));
  for (const FactName name : {FactName::kProtocol, FactName::kTls}) {
    if (said.has(name)) marks.push_back(said.get(name));
  }
  std::string who = said.get_or(FactName::kClient, said.get(FactName::kBy));
  if (who.empty()) {
    who = said.get(FactName::kLogin);
  } else {
    who += said.around(", logged in as ", FactName::kLogin, ",");
  }
  Text text(fmt::format("{} a letter{}{}{}", who.empty() ? "We took" : who + " handed over",
                        said.sender(" from "), said.recipients(" to "),
                        marks.empty() ? "" : fmt::format(" ({})", fmt::join(marks, ", "))));
  return text.add(said.around("It is about the journey ", FactName::kRelatedJourney))
      .add(said.reasons())
      .quote(said.around("We answered: ", FactName::kOurReply));
}

Text refused(const Said& said) {
  // Of a letter that came in for others.
  if (said.has(FactName::kRecipient) && !said.has(FactName::kSender) && !said.has(FactName::kClient)) {
    return Text("We did not take the letter for " + said.recipients(""))
        .add(said.reasons())
        .quote(said.around("We answered: ", FactName::kOurReply));
  }
  return Text(fmt::format("{} offered a letter{}{}, and we did not take it",
                          said.get_or(FactName::kClient, "A client"), said.sender(" from "),
                          said.recipients(" to ")))
      .add(said.reasons())
      .quote(said.around("We answered: ", FactName::kOurReply));
}

Text routed(const Said& said) {
  return Text(said.get_or(FactName::kVia, "The letter") +
              (said.has(FactName::kVia) ? " stands for " : " goes to ") +
              (said.has(FactName::kRecipient) ? said.recipients("") : "nobody"))
      .add(said.reasons());
}

Text stored(const Said& said) {
  const std::string whose =
      said.has(FactName::kRecipient) ? said.recipients("") : said.get_or(FactName::kAccount, "its recipient");
  return Text(fmt::format("The letter is in the mailbox of {}{}", whose,
                          said.around(", in the folder ", FactName::kFolder)))
      .add(said.reasons());
}

Text queued(const Said& said) {
  return Text("The letter waits in the queue" + said.whom(" for "))
      .add(said.reasons())
      .add(said.next_try("The first try is at "));
}

Text held(const Said& said) {
  const std::string who = said.by(" held the letter back");
  return Text((who.empty() ? "The letter is held back" : who) + said.recipients(" for ") +
              said.next_try(" until "))
      .add(said.reasons());
}

Text released(const Said& said) {
  const std::string who = said.by(" let the letter go on");
  return Text((who.empty() ? "The letter goes on" : who) + said.whom(" to ")).add(said.reasons());
}

Text looked_up(const Said& said) {
  const std::string domain = said.get_or(FactName::kDomain, "the domain");
  if (!said.has(FactName::kHost)) {
    return Text(fmt::format("The DNS was asked where mail for {} goes", domain)).add(said.reasons());
  }
  return Text(fmt::format("The DNS says that mail for {} goes to {}", domain, said.list(FactName::kHost)))
      .add(said.reasons());
}

Text connected(const Said& said) {
  const std::string host = said.get_or(FactName::kHost, "the host");
  const std::string reasons = said.reasons();
  if (reasons.empty()) return Text("Connected to " + host);
  // Why not, or how else; the reason may have named the host already.
  if (reasons.contains(host)) return Text(reasons);
  return Text("Connection to " + host).add(reasons);
}

Text encrypted(const Said& said) {
  const std::string host = said.around(" to ", FactName::kHost);
  const std::string how = said.has(FactName::kTls) ? said.around(" is encrypted: ", FactName::kTls)
                                                   : std::string(" is not encrypted");
  return Text(fmt::format("The connection{}{}", host, how)).add(said.reasons());
}

Text spoke(const Said& said) {
  return Text("We spoke with " + said.get_or(FactName::kHost, "the other side")).add(said.reasons());
}

Text converted(const Said& said) {
  return Text("The letter was rewritten" + said.around(" for ", FactName::kHost)).add(said.reasons());
}

Text deferred(const Said& said) {
  const std::string whom = said.whom(" to ");
  const std::string attempt = said.around("Try ", FactName::kAttempt);
  return Text(fmt::format("{}{} did not get through", attempt.empty() ? "The letter" : attempt, whom))
      .quote(said.reply_beside_reasons())
      .add(said.reasons())
      .add(said.next_try("The next try is at "));
}

Text relayed(const Said& said) {
  const std::string taken =
      said.get_or(FactName::kHost, "Another host") + " took the letter" + said.recipients(" for ");
  Text text =
      said.has(FactName::kReply) ? Text::quoting(taken + said.around(": ", FactName::kReply)) : Text(taken);
  return text.add(said.reasons_beside_reply());
}

Text failed(const Said& said) {
  const std::string whom = said.whom("");
  return Text("The letter will not reach " + (whom.empty() ? "anybody" : whom))
      .add(said.reasons())
      .quote(said.reply_beside_reasons());
}

Text reported(const Said& said) {
  const std::string who = said.has(FactName::kSender) ? said.sender("") : std::string("The sender");
  const std::string report = said.around("The report is the journey ", FactName::kRelatedJourney);
  const std::string told = said.reasons();
  if (!told.empty()) return Text(told).add(report);
  return Text(who + " was told" + said.recipients(" what became of the letter to ")).add(report);
}

Text dropped(const Said& said) {
  const std::string who = said.by(" dropped the letter");
  return Text((who.empty() ? "The letter was dropped" : who) + said.recipients(" for ")).add(said.reasons());
}

Text duplicate(const Said& said) {
  return Text(said.get_or(FactName::kClient, "The client") +
              " sent again what is here already, so it was not stored a second time" +
              said.around("; its journey is ", FactName::kRelatedJourney))
      .add(said.reasons())
      .quote(said.around("We answered: ", FactName::kOurReply));
}

Text by_its_reader(const Said& said, std::string_view did) {
  const std::string who =
      said.has(FactName::kRecipient) ? said.recipients("") : said.get_or(FactName::kAccount, "Its reader");
  return Text(who + std::string(did) + said.around(" from the folder ", FactName::kFolder) +
              said.around(" by ", FactName::kProtocol) + said.around(", from ", FactName::kClient))
      .add(said.reasons());
}

Text text_of(const Event& event) {
  const Said said(event);
  switch (event.stage) {
    case Stage::kAccepted:
      return accepted(said);
    case Stage::kRefused:
      return refused(said);
    case Stage::kChecked:
      return Text(
          said.get_or(FactName::kReason, "The letter was checked" + said.around(" by ", FactName::kBy)));
    case Stage::kRouted:
      return routed(said);
    case Stage::kStored:
      return stored(said);
    case Stage::kQueued:
      return queued(said);
    case Stage::kHeld:
      return held(said);
    case Stage::kReleased:
      return released(said);
    case Stage::kLookedUp:
      return looked_up(said);
    case Stage::kConnected:
      return connected(said);
    case Stage::kEncrypted:
      return encrypted(said);
    case Stage::kSpoke:
      return spoke(said);
    case Stage::kConverted:
      return converted(said);
    case Stage::kDeferred:
      return deferred(said);
    case Stage::kRelayed:
      return relayed(said);
    case Stage::kFailed:
      return failed(said);
    case Stage::kReported:
      return reported(said);
    case Stage::kDropped:
      return dropped(said);
    case Stage::kDuplicate:
      return duplicate(said);
    case Stage::kFetched:
      return by_its_reader(said, " fetched the letter");
    case Stage::kDeleted:
      return by_its_reader(said, " deleted the letter");
  }
  return Text("Something happened that this version does not know");
}

/// When a client speaks to us we are the server; everywhere else it is the other way round.
bool we_serve(Stage stage) {
  return stage == Stage::kAccepted || stage == Stage::kRefused || stage == Stage::kChecked ||
         stage == Stage::kDuplicate;
}

}  // namespace

std::string tell_sentence(const Event& event) {
  Text text = text_of(event);
  const std::string left_out = Said(event).list(FactName::kLeftOut);
  if (!left_out.empty()) text.add("Not kept: " + left_out);
  return text.take();
}

std::string tell_event(const Event& event) {
  std::string out = fmt::format("{}  {}\n", detail::clock_of(event.at), tell_sentence(event));
  for (const WireLine& line : event.dialogue) {
    const bool server = (line.from == WireLine::From::kUs) == we_serve(event.stage);
    out += fmt::format("{}{}  {}: {}\n", kDialogueIndent, detail::clock_of(event.at + line.after),
                       server ? 'S' : 'C', detail::harmless(line.text));
  }
  return out;
}

std::string tell_live(const Entry& entry) {
  std::string out;
  for (const Event& event : entry.events)
    out +=
        fmt::format("{}  {}  {}\n", entry.id.to_string(), detail::clock_of(event.at), tell_sentence(event));
  return out;
}

std::string tell_live(const Overheard& line) {
  return fmt::format("{}  {}    {} {}\n", line.id.to_string(), detail::clock_of(line.at),
                     line.from == WireLine::From::kUs ? "we say: " : "we hear:", detail::harmless(line.text));
}

}  // namespace pabal::journey
