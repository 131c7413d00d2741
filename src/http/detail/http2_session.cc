#include "http/detail/session.h"
namespace pabal::http {
net::Task<void> serve_http2(Session&) { co_return; }
}  // namespace pabal::http
