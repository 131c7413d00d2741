// HTTP's date (RFC 9110 §5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
#pragma once

#include <string>

#include "base/clock.h"

namespace pabal::http {

std::string http_date(WallTime time);

}  // namespace pabal::http
