#include "imap/grammar/session_commands.h"

#include <algorithm>

#include "base/ascii.h"

namespace pabal::imap {
namespace {

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = pabal::to_upper(c);
  return out;
}

/// Refusals of what holds credentials name the form, and never what stands there.
template <class T>
Result<T> without_details(Result<T> result, std::string_view form) {
  if (result || result.error().kind != ErrorKind::kRefuse) return result;
  return fail(ErrorKind::kRefuse, "{}", form);
}

}  // namespace

Result<void> parse_no_arguments(Cursor& in, const Dialect& dialect) { return parse_end(in, dialect); }

Result<LoginCommand> parse_login(Cursor& in, const Dialect& dialect) {
  const auto parse = [&]() -> Result<LoginCommand> {
    LoginCommand out;
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(out.user, parse_astring(in, dialect));
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(out.password, parse_astring(in, dialect));
    PABAL_TRY_VOID(parse_end(in, dialect));
    return out;
  };
  return without_details(parse(), "Write LOGIN user password, each as a word, in quotes or as a literal");
}

Result<AuthenticateCommand> parse_authenticate(Cursor& in, const Dialect& dialect) {
  const auto parse = [&]() -> Result<AuthenticateCommand> {
    AuthenticateCommand out;
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(const std::string_view mechanism, parse_atom(in));
    out.mechanism = to_upper(mechanism);
    if (take_end(in, dialect)) return out;
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(out.initial_response, parse_base64(in));
    PABAL_TRY_VOID(parse_end(in, dialect));
    return out;
  };
  return without_details(parse(), "Write AUTHENTICATE mechanism, and behind it a response in base64 or =");
}

Result<EnableCommand> parse_enable(Cursor& in, const Dialect& dialect) {
  EnableCommand out;
  do {
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(const std::string_view capability, parse_atom(in, "a capability"));
    if (out.capabilities.size() == kMaxCapabilities) {
      return fail(ErrorKind::kOverLimit, "More than {} capabilities", kMaxCapabilities);
    }
    out.capabilities.push_back(to_upper(capability));
  } while (!take_end(in, dialect));
  return out;
}

Result<IdCommand> parse_id(Cursor& in, const Dialect& dialect) {
  IdCommand out;
  const auto parse_value = [&]() -> Result<std::optional<std::string>> {
    if (take_keyword(in, "NIL")) return std::nullopt;
    if (!dialect.leniency.loose_id) return parse_nstring(in, dialect);
    PABAL_TRY(std::string text, parse_astring(in, dialect));
    return text;
  };
  const auto parse_field = [&]() -> Result<void> {
    PABAL_TRY(std::optional<std::string> name, parse_value());
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(std::optional<std::string> value, parse_value());
    if (!name) return fail(ErrorKind::kRefuse, "A field of ID has no name");
    const bool fits = out.fields.size() < kMaxIdFields && name->size() <= kMaxIdFieldBytes &&
                      (!value || value->size() <= kMaxIdValueBytes);
    if (!fits && dialect.leniency.loose_id) return {};
    if (!fits) {
      return fail(ErrorKind::kOverLimit, "ID takes {} fields, names of {} and values of {} bytes",
                  kMaxIdFields, kMaxIdFieldBytes, kMaxIdValueBytes);
    }
    out.fields.emplace_back(to_lower(*name), std::move(value));
    return {};
  };
  PABAL_TRY_VOID(parse_space(in, dialect));
  if (!take_keyword(in, "NIL")) {
    PABAL_TRY_VOID(parse_parenthesized(in, dialect, parse_field));
  }
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

Result<std::string> parse_compress(Cursor& in, const Dialect& dialect) {
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(const std::string_view algorithm, parse_atom(in, "a compression such as DEFLATE"));
  PABAL_TRY_VOID(parse_end(in, dialect));
  return to_upper(algorithm);
}

}  // namespace pabal::imap
