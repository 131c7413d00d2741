#include "journey/event.h"

#include <algorithm>

namespace pabal::journey {

std::string_view Event::find(FactName name) const {
  const auto fact = std::ranges::find(facts, name, &Fact::name);
  return fact == facts.end() ? std::string_view() : std::string_view(fact->value);
}

std::string_view to_string(Stage stage) {
  constexpr std::string_view kNames[] = {
      "accepted", "refused",   "checked",   "routed",    "stored",    "queued",    "held",
      "released", "looked_up", "connected", "encrypted", "spoke",     "converted", "deferred",
      "relayed",  "failed",    "reported",  "dropped",   "duplicate", "fetched",   "deleted"};
  const auto number = static_cast<std::size_t>(stage);
  return number >= 1 && number <= std::size(kNames) ? kNames[number - 1] : "unknown";
}

std::string_view to_string(FactName name) {
  constexpr std::string_view kNames[] = {"client", "helo",      "protocol", "tls",        "login",
                                         "sender", "recipient", "size",     "message_id", "reason",
                                         "reply",  "our_reply", "host",     "next_try",   "domain",
                                         "folder", "account",   "via",      "attempt",    "related_journey",
                                         "by",     "subject",   "listener", "left_out"};
  const auto number = static_cast<std::size_t>(name);
  return number >= 1 && number <= std::size(kNames) ? kNames[number - 1] : "unknown";
}

}  // namespace pabal::journey
