// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, the server's half.
#pragma once

#include <memory>

#include "account/sasl.h"

namespace pabal::account::detail {

std::unique_ptr<SaslMechanism> make_scram(bool plus, SaslOptions options);

}  // namespace pabal::account::detail
