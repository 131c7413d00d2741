// Passwords from whoever sits before us.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace pabal::app {

/// Whether somebody can be asked.
bool has_terminal();

/// Asks twice, without an echo. kRefuse if the two differ; kCancelled for Ctrl-C or Ctrl-D.
Result<Secret> ask_new_password(std::string_view what_for);

/// The first line of standard input. kRefuse if it is empty, or longer than a password may be.
Result<Secret> read_password_from_stdin();

}  // namespace pabal::app
