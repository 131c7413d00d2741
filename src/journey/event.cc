#include "journey/event.h"

#include <algorithm>

namespace pabal::journey {

std::string_view Event::find(FactName name) const {
  const auto fact = std::ranges::find(facts, name, &Fact::name);
  return fact == facts.end() ? std::string_view() : std::string_view(fact->value);
}

}  // namespace pabal::journey
