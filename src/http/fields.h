// Header fields (RFC 9110 §5), of a request or a response: in their order, names in lower case, all bytes in
// one string. A value; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pabal::http {

class Fields {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  Fields() = default;
  Fields(std::initializer_list<Field> fields) {
    for (const Field& field : fields) add(field.name, field.value);
  }

  /// Behind those that are there. The name is stored in lower case; what must not stand in a field at all
  /// (CR, LF, NUL) is the caller's matter.
  void add(std::string_view name, std::string_view value);
  /// In the place of all of that name.
  void set(std::string_view name, std::string_view value);
  void clear();

  bool empty() const { return places_.empty(); }
  std::size_t size() const { return places_.size(); }
  Field operator[](std::size_t index) const;

  /// The first of that name (in any case). Views hold until a field is added.
  std::optional<std::string_view> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  /// Whether a field that is a comma-separated list, on one line or several, holds the token (in any case).
  bool lists(std::string_view name, std::string_view token) const;

 private:
  struct Place {
    std::uint32_t begin, name_size, value_size;
  };
  std::string bytes_;
  std::vector<Place> places_;
};

}  // namespace pabal::http
