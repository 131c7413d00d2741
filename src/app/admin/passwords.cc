#include "app/admin/passwords.h"

namespace pabal::app {

void NewPassword::show_generated(Json& result) const {
  if (generated) result.set("password", text->reveal());
}

Result<NewPassword> choose_password(const Params& params, Random& random) {
  const bool given = params.has("password");
  const bool generate = params.flag("generate");
  const bool none = params.flag("no_password");
  if (int{given} + int{generate} + int{none} != 1) {
    return fail(ErrorKind::kRefuse,
                "give one of: a password, 'generate' to have one made, 'no_password' for none");
  }
  if (generate) return NewPassword{generate_password(random), true};
  if (none) return NewPassword{};
  return NewPassword{Secret(params.text("password")), false};
}

Secret generate_password(Random& random) {
  constexpr std::string_view kSigns = "abcdefghijkmnpqrstuvwxyz23456789";  // without l, o, 0, 1
  constexpr int kGroups = 4;
  constexpr int kGroupSize = 5;
  std::string password;
  password.reserve(kGroups * (kGroupSize + 1));
  for (int group = 0; group < kGroups; ++group) {
    if (group > 0) password += '-';
    for (int i = 0; i < kGroupSize; ++i) password += kSigns[random.below(kSigns.size())];
  }
  return Secret::taken_from(password);
}

}  // namespace pabal::app
