// How this server asks for names: the network, or a zone in a file that stands for it.
#pragma once

#include <memory>

#include "app/config.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/dns.h"

namespace pabal::app {

/// The clock outlives it. Reads the zone's file, if there is one.
Result<std::unique_ptr<net::Resolver>> make_resolver(const Config& config, const Clock& clock);

}  // namespace pabal::app
