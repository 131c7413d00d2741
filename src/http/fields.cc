#include "http/fields.h"

#include "base/ascii.h"

namespace pabal::http {

void Fields::add(std::string_view name, std::string_view value) {
  places_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(name.size()),
                     static_cast<std::uint32_t>(value.size())});
  for (const char c : name) bytes_ += to_lower(c);
  bytes_ += value;
}

void Fields::set(std::string_view name, std::string_view value) {
  std::erase_if(places_, [&](const Place& place) {
    return equals_ignoring_case(std::string_view(bytes_).substr(place.begin, place.name_size), name);
  });
  add(name, value);
}

void Fields::clear() {
  bytes_.clear();
  places_.clear();
}

Fields::Field Fields::operator[](std::size_t index) const {
  const Place& place = places_[index];
  const std::string_view bytes = bytes_;
  return {bytes.substr(place.begin, place.name_size),
          bytes.substr(place.begin + place.name_size, place.value_size)};
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    const Field field = (*this)[i];
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t Fields::count(std::string_view name) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < size(); ++i) count += equals_ignoring_case((*this)[i].name, name) ? 1 : 0;
  return count;
}

bool Fields::lists(std::string_view name, std::string_view token) const {
  for (std::size_t i = 0; i < size(); ++i) {
    const Field field = (*this)[i];
    if (!equals_ignoring_case(field.name, name)) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      std::string_view element = rest.substr(0, comma);
      while (!element.empty() && (element.front() == ' ' || element.front() == '\t'))
        element.remove_prefix(1);
      while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) element.remove_suffix(1);
      if (equals_ignoring_case(element, token)) return true;
      rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  return false;
}

}  // namespace pabal::http
