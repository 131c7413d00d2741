// A new password as the caller wants it: given, made here, or none.
#pragma once

#include <optional>

#include "app/admin.h"
#include "base/random.h"
#include "base/secret.h"

namespace pabal::app {

inline const Param kPasswordParam = {"password", ParamType::kPassword, Need::kOptional, "the password"};
inline const Param kGenerateParam = {"generate", ParamType::kFlag, Need::kOptional,
                                     "make a password, and show it this once"};
inline const Param kNoPasswordParam = {"no_password", ParamType::kFlag, Need::kOptional,
                                       "no password: only app passwords open the account"};

struct NewPassword {
  std::optional<Secret> text;  ///< nothing: the account is to have none
  bool generated = false;

  /// Puts a generated password into the answer; one that the caller gave is not sent back.
  void show_generated(Json& result) const;
};

/// kRefuse unless exactly one way is chosen.
Result<NewPassword> choose_password(const Params& params, Random& random);

/// Four groups of five signs that nobody confuses when reading them aloud: 100 bits.
Secret generate_password(Random& random);

}  // namespace pabal::app
