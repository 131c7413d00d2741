#include "message/surrogate.h"

#include <gtest/gtest.h>

namespace pabal::message {
namespace {

// RFC 6858 §2.
TEST(Surrogate, SaysInAsciiWhatCanBeSaid) {
  struct Case {
    std::string_view name, header, want;
  };
  const Case cases[] = {
      {"ASCII stays byte for byte", "From: a@b\r\nX:  y\r\n z\r\nnonsense\r\n\r\n",
       "From: a@b\r\nX:  y\r\n z\r\nnonsense\r\n\r\n"},
      {"a subject", "A: b\r\nSubject: 크레페\r\n\r\n", "A: b\r\nSubject: =?UTF-8?B?7YGs66CI7Y6Y?=\r\n\r\n"},
      {"a name", "To: 앨리스 <alice@crepes.fr>, bob@hamburger.edu\r\n",
       "To: =?UTF-8?B?7JWo66as7Iqk?= <alice@crepes.fr>, bob@hamburger.edu\r\n"},
      {"an address", "From: Fred Foo <fréd@example.com>\r\n\r\n",
       "From: Fred Foo <invalid@internationalized-address.invalid>\r\n\r\n"},
      {"a file's name", "Content-Disposition: attachment; filename=\"œuf\"; size=3\r\n",
       "Content-Disposition: attachment; size=3\r\n"},
      {"anything else", "X-Cook: œuf\r\nX: y\r\n\r\n", "X: y\r\n\r\n"},
      {"what is no UTF-8", "Subject: caf\xe9\r\n\r\n", "Subject: caf\xe9\r\n\r\n"},
  };
  for (const Case& each : cases) EXPECT_EQ(surrogate_header(each.header), each.want) << each.name;
}

}  // namespace
}  // namespace pabal::message
