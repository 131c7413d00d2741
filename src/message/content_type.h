// The fields that say what a part is: Content-Type and Content-Disposition with their parameters (RFC 2045
// §5.1, RFC 2183, RFC 2231), read as mail has them. Reading never fails; what cannot be understood is left
// out.
//
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::message {

/// More than any letter has; a long file name in RFC 2231 pieces takes a dozen.
inline constexpr std::size_t kMaxParameters = 100;
/// What all values of one field together may hold.
inline constexpr std::size_t kMaxParameterBytes = 64 * 1024;

/// A parameter as IMAP shows it (RFC 9051 §7.5.2): the pieces of a continued one joined; the value of one
/// that names its charset is UTF-8, and `extended` stands for the star behind its name.
struct Parameter {
  std::string name;   ///< Lower case, without star and number.
  std::string value;  ///< Without quotes and escapes. May hold encoded words when not extended.
  bool extended = false;

  bool operator==(const Parameter&) const = default;
};
using Parameters = std::vector<Parameter>;

struct ContentType {
  std::string type;     ///< Lower case; both empty when the field made no sense.
  std::string subtype;  ///< Lower case.
  Parameters parameters;

  bool operator==(const ContentType&) const = default;
};

struct Disposition {
  std::string type;  ///< Lower case: `inline`, `attachment`; empty when the part has none.
  Parameters parameters;

  bool operator==(const Disposition&) const = default;
};

ContentType parse_content_type(std::string_view value);
Disposition parse_disposition(std::string_view value);

/// The parameter as it is kept, an extended one before a plain one (RFC 6266 §4.3 has the same order for
/// HTTP); null for none.
const Parameter* find_parameter(const Parameters& parameters, std::string_view name);

/// Its value as a person reads it, in UTF-8: encoded words decoded, though RFC 2047 §5 forbids them here,
/// because most agents write file names so. Empty when there is none.
std::string parameter_text(const Parameters& parameters, std::string_view name);

}  // namespace pabal::message
