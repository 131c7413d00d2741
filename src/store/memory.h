// The engine for tests: keeps the whole contract, forgets everything when it goes.
#pragma once

#include <memory>

#include "store/engine.h"

namespace pabal::store {

std::unique_ptr<Engine> make_memory_engine();

}  // namespace pabal::store
