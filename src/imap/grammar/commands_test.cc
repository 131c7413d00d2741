// The commands about the session, mailboxes, quota, metadata, rights and events.

#include <gtest/gtest.h>

#include "imap/grammar/admin_commands.h"
#include "imap/grammar/flags.h"
#include "imap/grammar/list_command.h"
#include "imap/grammar/mailbox_commands.h"
#include "imap/grammar/notify_command.h"
#include "imap/grammar/session_commands.h"
#include "imap/grammar/store_commands.h"
#include "imap/grammar/testing.h"

namespace pabal::imap {
namespace {

using mailbox::SpecialUse;
using std::string_view_literals::operator""sv;

const Dialect kPlain;

TEST(Login, InAllFormsOfStrings) {
  for (const char* args :
       {" bob secret", " \"bob\" \"secret\"", " {3}\r\nbob {6}\r\nsecret", " bob {6+}\r\nsecret"}) {
    const LoginCommand got = read_all(&parse_login, args, kPlain);
    EXPECT_EQ(got.user, "bob") << args;
    EXPECT_EQ(got.password, "secret") << args;
  }
  read_truncated(&parse_login, " \"bob\" {6}\r\nsecret", kPlain);
}

TEST(Login, RefusalsHoldNoPassword) {
  for (const char* bad : {"", " bob", " bob ", " bob se cret", " bob (secret", " bob \"secret"}) {
    const std::string why = refusal(&parse_login, bad, kPlain);
    EXPECT_NE(why, "") << bad;
    EXPECT_EQ(why, "Write LOGIN user password, each as a word, in quotes or as a literal");
  }
}

TEST(Authenticate, WithAndWithoutItsResponse) {
  EXPECT_EQ(read_all(&parse_authenticate, " plain", kPlain).mechanism, "PLAIN");
  EXPECT_EQ(read_all(&parse_authenticate, " PLAIN", kPlain).initial_response, std::nullopt);
  EXPECT_EQ(read_all(&parse_authenticate, " PLAIN =", kPlain).initial_response, "");
  EXPECT_EQ(read_all(&parse_authenticate, " PLAIN AGEAYg==", kPlain).initial_response,
            std::string("\0a\0b"sv));
  for (const char* bad : {"", " ", " PLAIN AGEAYg", " PLAIN = =", " \"PLAIN\""}) {
    EXPECT_EQ(refusal(&parse_authenticate, bad, kPlain).find("AGE"), std::string::npos) << bad;
    EXPECT_NE(refusal(&parse_authenticate, bad, kPlain), "") << bad;
  }
}

TEST(NoArguments, NothingMayFollow) {
  const auto nothing = [](Cursor& in, const Dialect& d) -> Result<int> {
    PABAL_TRY_VOID(parse_no_arguments(in, d));
    return 0;
  };
  EXPECT_EQ(refusal(nothing, "", strict()), "");
  EXPECT_EQ(refusal(nothing, " ", kPlain), "");
  EXPECT_NE(refusal(nothing, " ", strict()), "");
  EXPECT_NE(refusal(nothing, " x", kPlain), "");
}

TEST(Compress, NamesItsAlgorithm) {
  EXPECT_EQ(read_all(&parse_compress, " deflate", strict()), "DEFLATE");
  for (const char* bad : {"", " ", " DEFLATE x"}) EXPECT_NE(refusal(&parse_compress, bad, kPlain), "") << bad;
}

TEST(OneMailbox, AndNoMore) {
  EXPECT_EQ(read_all(&parse_one_mailbox, " {4}\r\nWork", strict()), "Work");
  for (const char* bad : {"", " ", " a b", " (a)"})
    EXPECT_NE(refusal(&parse_one_mailbox, bad, kPlain), "") << bad;
}

TEST(Enable, TakesManyAndUnknownOnes) {
  EXPECT_EQ(read_all(&parse_enable, " utf8=accept CONDSTORE X-foo", kPlain).capabilities,
            (std::vector<std::string>{"UTF8=ACCEPT", "CONDSTORE", "X-FOO"}));
  EXPECT_NE(refusal(&parse_enable, "", kPlain), "");
  EXPECT_NE(refusal(&parse_enable, " (A)", kPlain), "");
}

TEST(Id, FieldsOrNothing) {
  EXPECT_TRUE(read_all(&parse_id, " NIL", strict()).fields.empty());
  EXPECT_TRUE(read_all(&parse_id, " ()", strict()).fields.empty());
  const auto fields = read_all(&parse_id, " (\"Name\" \"Mail\" \"version\" NIL)", strict()).fields;
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0], std::pair(std::string("name"), std::optional<std::string>("Mail")));
  EXPECT_EQ(fields[1].second, std::nullopt);
  EXPECT_EQ(read_all(&parse_id, " (name Mail)", kPlain).fields.size(), 1u);
  EXPECT_NE(refusal(&parse_id, " (name Mail)", strict()), "");
  for (const char* bad : {"", " (\"a\")", " (NIL \"a\")", " \"a\""}) {
    EXPECT_NE(refusal(&parse_id, bad, kPlain), "") << bad;
  }
  std::string many = " (";
  for (std::size_t i = 0; i <= kMaxIdFields; ++i) many += "\"a\" NIL ";
  many.back() = ')';
  EXPECT_NE(refusal(&parse_id, many, strict()).find("ID takes"), std::string::npos);
  EXPECT_EQ(read_all(&parse_id, many, kPlain).fields.size(), kMaxIdFields);
}

TEST(Select, WithCondstoreAndQresync) {
  EXPECT_EQ(read_all(&parse_select, " inbox", strict()).mailbox, "INBOX");
  EXPECT_TRUE(read_all(&parse_select, " INBOX (CONDSTORE)", strict()).condstore);
  const auto got =
      read_all(&parse_select, " INBOX (QRESYNC (67890007 90060115194045000 41:211,214:541))", strict());
  ASSERT_TRUE(got.qresync);
  EXPECT_EQ(got.qresync->uid_validity, 67890007u);
  EXPECT_EQ(got.qresync->mod_seq, mailbox::ModSeq(90060115194045000));
  ASSERT_TRUE(got.qresync->known_uids);
  EXPECT_FALSE(got.qresync->match);
  const auto match = read_all(&parse_select, " INBOX (QRESYNC (1 2 (1:2,5 9,11,20)) CONDSTORE)", strict());
  ASSERT_TRUE(match.qresync && match.qresync->match);
  EXPECT_FALSE(match.qresync->known_uids);
  EXPECT_TRUE(match.condstore);
  EXPECT_TRUE(read_all(&parse_select, " a (QRESYNC (1 2 1:9 (1 2)))", strict()).qresync->match);
  for (const char* bad : {"", " ", " INBOX (", " INBOX (FOO)", " INBOX CONDSTORE", " INBOX (QRESYNC)",
                          " INBOX (QRESYNC (0 1))", " INBOX (QRESYNC (1 0))", " INBOX (QRESYNC (1 2 1:*))",
                          " INBOX (QRESYNC (1 2 (1:2 3)))", " INBOX (QRESYNC (1 2) QRESYNC (1 2))", " a b"}) {
    EXPECT_NE(refusal(&parse_select, bad, kPlain), "") << bad;
  }
  read_truncated(&parse_select, " INBOX (QRESYNC (1 2 1:9 (1:2,5 9,11,20)) CONDSTORE)", kPlain);
}

TEST(Create, WithItsUse) {
  EXPECT_TRUE(read_all(&parse_create, " Work", strict()).uses.empty());
  const auto got = read_all(&parse_create, " Work (USE (\\Sent \\drafts))", strict());
  EXPECT_EQ(got.uses, (std::vector{SpecialUse::kSent, SpecialUse::kDrafts}));
  EXPECT_TRUE(read_all(&parse_create, " Work (USE (\\Foo))", strict()).unknown_use);
  for (const char* bad : {" Work (USE)", " Work (USE (Sent))", " Work (FOO (\\Sent))"}) {
    EXPECT_NE(refusal(&parse_create, bad, kPlain), "") << bad;
  }
}

TEST(Rename, TakesTwo) {
  const auto got = read_all(&parse_rename, " a \"b c\"", strict());
  EXPECT_EQ(got.from + "|" + got.to, "a|b c");
  EXPECT_NE(refusal(&parse_rename, " a", kPlain), "");
  EXPECT_NE(refusal(&parse_rename, " a b c", kPlain), "");
}

TEST(SpecialUse, NamesBothWays) {
  for (const auto use : {SpecialUse::kAll, SpecialUse::kJunk, SpecialUse::kImportant}) {
    EXPECT_EQ(find_special_use(special_use_attribute(use)), use);
  }
  EXPECT_EQ(special_use_attribute(SpecialUse::kNone), "");
  EXPECT_EQ(find_special_use(""), std::nullopt);
}

TEST(Status, AllItems) {
  const auto got = read_all(&parse_status,
                            " blurdy (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ "
                            "APPENDLIMIT DELETED-STORAGE MAILBOXID)",
                            strict());
  for (unsigned i = 0; i <= static_cast<unsigned>(StatusItem::kMailboxId); ++i) {
    EXPECT_TRUE(got.items.has(static_cast<StatusItem>(i))) << i;
  }
  EXPECT_FALSE(read_all(&parse_status, " a (deleted)", strict()).items.has(StatusItem::kDeletedStorage));
  for (const char* bad : {" a", " a ()", " a (FOO)", " a MESSAGES", " a (MESSAGES,UIDNEXT)"}) {
    EXPECT_NE(refusal(&parse_status, bad, kPlain), "") << bad;
  }
}

Result<ListCommand> list(Cursor& in, const Dialect& dialect) { return parse_list(in, dialect); }

TEST(List, PlainAndExtended) {
  const auto plain = read_all(&list, " \"\" %", strict());
  EXPECT_FALSE(plain.extended);
  EXPECT_EQ(plain.patterns, std::vector<std::string>{"%"});
  EXPECT_EQ(read_all(&list, " \"\" \"\"", strict()).patterns.front(), "");
  EXPECT_EQ(read_all(&list, " \"&vPSwuA-/\" *&vPSwuA-", strict()).patterns.front(), "*\ubcf4\ub0b8");

  const auto got =
      read_all(&list,
               " (SUBSCRIBED REMOTE RECURSIVEMATCH SPECIAL-USE) \"ref/\" (\"INBOX\" Draft% Sent/*) "
               "RETURN (SUBSCRIBED CHILDREN SPECIAL-USE MYRIGHTS STATUS (MESSAGES UNSEEN) METADATA "
               "(\"/shared/comment\" /PRIVATE/Color))",
               strict());
  EXPECT_TRUE(got.extended && got.selection.subscribed && got.selection.remote);
  EXPECT_TRUE(got.selection.recursive_match && got.selection.special_use);
  EXPECT_EQ(got.patterns, (std::vector<std::string>{"INBOX", "Draft%", "Sent/*"}));
  EXPECT_TRUE(got.wanted.subscribed && got.wanted.children && got.wanted.special_use && got.wanted.my_rights);
  EXPECT_TRUE(got.wanted.status.has(StatusItem::kUnseen));
  EXPECT_EQ(got.wanted.metadata, (std::vector<std::string>{"/shared/comment", "/private/color"}));
  EXPECT_TRUE(got.compile()[2].matches("ref/Sent/x"));

  EXPECT_TRUE(read_all(&list, " () \"\" *", strict()).extended);
  EXPECT_TRUE(read_all(&list, " \"\" * RETURN ()", strict()).extended);
  read_truncated(&list, " (SUBSCRIBED) \"\" (a b) RETURN (STATUS (SIZE))", kPlain);
}

TEST(List, Refused) {
  for (const char* bad :
       {"", " \"\"", " \"\" ", " (RECURSIVEMATCH) \"\" *", " (REMOTE RECURSIVEMATCH) \"\" *", " (FOO) \"\" *",
        " \"\" * RETURN (FOO)", " \"\" ()", " \"\" * FOO", " \"\" a\\b", " \"\" * RETURN CHILDREN",
        " \"\" * RETURN (STATUS)"}) {
    EXPECT_NE(refusal(&list, bad, kPlain), "") << bad;
  }
}

TEST(Lsub, IsPlain) {
  EXPECT_EQ(read_all(&parse_lsub, " \"#news.\" \"comp.mail.*\"", strict()).reference, "#news.");
  EXPECT_NE(refusal(&parse_lsub, " () \"\" *", kPlain), "");
}

TEST(Flags, ListsAndNames) {
  const auto flags = [](Cursor& in, const Dialect& d) { return parse_flag_list(in, d); };
  const auto got = read_all(flags, "(\\seen \\Draft $Forwarded later LATER)", strict());
  EXPECT_EQ(got.system, mailbox::with(mailbox::kSeen, mailbox::kDraft));
  EXPECT_EQ(got.keywords, (std::vector<std::string>{"$Forwarded", "later"}));
  EXPECT_TRUE(read_all(flags, "()", strict()).keywords.empty());
  for (const char* bad : {"", "(", "\\Seen", "(\\Foo)", "(\\*)", "(\"a\")", "(a]b)"}) {
    EXPECT_NE(refusal(flags, bad, kPlain), "") << bad;
  }
  EXPECT_EQ(refusal(flags, "(" + std::string(mailbox::kMaxKeywordBytes, 'k') + ")", kPlain), "");
  EXPECT_NE(refusal(flags, "(" + std::string(mailbox::kMaxKeywordBytes + 1, 'k') + ")", kPlain), "");
}

TEST(Flags, RecentIsALeniency) {
  const auto flags = [](Cursor& in, const Dialect& d) { return parse_flag_list(in, d); };
  EXPECT_EQ(read_all(flags, "(\\Recent \\Seen)", kPlain).system, mailbox::kSeen);
  EXPECT_NE(refusal(flags, "(\\Recent)", strict()), "");
}

TEST(Flags, Written) {
  const std::vector<std::string> keywords = {"$Junk", "later"};
  std::string out;
  append_flag_list(out, mailbox::Flags(0), keywords);
  append_flag_list(out, mailbox::Flags(1 | 8 | 1 << 6), keywords);
  append_flag_list(out, mailbox::Flags(~std::uint64_t{0}), keywords);
  append_flag_list(out, {mailbox::kAnswered, {"x"}});
  EXPECT_EQ(
      out,
      "()(\\Seen \\Deleted later)(\\Seen \\Answered \\Flagged \\Deleted \\Draft $Junk later)(\\Answered x)");
}

TEST(Store, InAllForms) {
  using How = StoreCommand::How;
  const auto got = read_all(&parse_store, " 2:4 +FLAGS (\\Deleted)", strict());
  EXPECT_EQ(got.how, How::kAdd);
  EXPECT_FALSE(got.silent);
  EXPECT_EQ(got.flags.system, mailbox::kDeleted);
  const auto bare = read_all(&parse_store, " 1 -flags.silent \\Seen $a b", strict());
  EXPECT_EQ(bare.how, How::kRemove);
  EXPECT_TRUE(bare.silent);
  EXPECT_EQ(bare.flags.keywords.size(), 2u);
  const auto since = read_all(&parse_store, " 6,4,8 (UNCHANGEDSINCE 0) FLAGS ()", strict());
  EXPECT_EQ(since.how, How::kReplace);
  EXPECT_EQ(since.unchanged_since, mailbox::ModSeq(0));
  for (const char* bad :
       {"", " 1", " 1 FLAGS", " 1 FLAGS ", " 1 FLAG (\\Seen)", " 1 *FLAGS (\\Seen)", " 1 + FLAGS ()",
        " 1 (UNCHANGEDSINCE) FLAGS ()", " 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 2) FLAGS ()",
        " 1 FLAGS (\\Seen) x", " 1 (CHANGEDSINCE 1) FLAGS ()"}) {
    EXPECT_NE(refusal(&parse_store, bad, kPlain), "") << bad;
  }
  read_truncated(&parse_store, " 1:* (UNCHANGEDSINCE 12) +FLAGS.SILENT (\\Seen $x)", kPlain);
}

TEST(Transfer, SetAndMailbox) {
  const auto got = read_all(&parse_transfer, " 2:4 \"Work/2026\"", strict());
  EXPECT_EQ(got.mailbox, "Work/2026");
  EXPECT_TRUE(read_all(&parse_transfer, " $ a", strict()).set.is_saved());
  EXPECT_NE(refusal(&parse_transfer, " 1", kPlain), "");
  EXPECT_EQ(read_all(&parse_uid_expunge, " 1:*", strict()).has_star(), true);
}

TEST(Quota, Commands) {
  EXPECT_EQ(read_all(&parse_getquota, " \"\"", strict()), "");
  const auto got = read_all(&parse_setquota, " \"#user/alice\" (storage 510 MESSAGE 100)", strict());
  ASSERT_EQ(got.limits.size(), 2u);
  EXPECT_EQ(got.limits[0], std::pair(std::string("STORAGE"), std::uint64_t{510}));
  EXPECT_TRUE(read_all(&parse_setquota, " a ()", strict()).limits.empty());
  for (const char* bad : {" a", " a (STORAGE)", " a (STORAGE -1)", " a STORAGE 1"}) {
    EXPECT_NE(refusal(&parse_setquota, bad, kPlain), "") << bad;
  }
}

TEST(Metadata, OptionsStandOnEitherSide) {
  for (const char* args : {" (MAXSIZE 1024 DEPTH infinity) INBOX (/shared/comment /private/Comment)",
                           " \"INBOX\" (MAXSIZE 1024 DEPTH infinity) (/shared/comment /private/comment)"}) {
    const auto got = read_all(&parse_getmetadata, args, strict());
    EXPECT_EQ(got.mailbox, "INBOX");
    EXPECT_EQ(got.max_size, 1024u);
    EXPECT_EQ(got.depth, GetMetadataCommand::Depth::kInfinity);
    EXPECT_EQ(got.entries, (std::vector<std::string>{"/shared/comment", "/private/comment"}));
  }
  EXPECT_EQ(read_all(&parse_getmetadata, " \"\" /shared/comment", strict()).mailbox, "");
  for (const char* bad : {" a", " a comment", " a /other/x", " a /private/", " a /private//x",
                          " a \"/private/x*\"", " a ()", " (DEPTH 2) a /private/x", " a /private/x y"}) {
    EXPECT_NE(refusal(&parse_getmetadata, bad, kPlain), "") << bad;
  }
}

TEST(Metadata, Set) {
  const auto got = read_all(
      &parse_setmetadata,
      " INBOX (/private/comment \"My new comment\" /shared/x NIL /private/b ~{3}\r\na\0b)"sv, strict());
  ASSERT_EQ(got.values.size(), 3u);
  EXPECT_EQ(got.values[0].second, "My new comment");
  EXPECT_EQ(got.values[1].second, std::nullopt);
  EXPECT_EQ(got.values[2].second, std::string("a\0b"sv));
  for (const char* bad : {" a ()", " a (/private/x)", " a (/private/x y)", " a /private/x \"y\""}) {
    EXPECT_NE(refusal(&parse_setmetadata, bad, kPlain), "") << bad;
  }
}

TEST(Acl, Commands) {
  using How = SetAclCommand::How;
  EXPECT_EQ(read_all(&parse_setacl, " INBOX bob lrs", strict()).how, How::kReplace);
  EXPECT_EQ(read_all(&parse_setacl, " INBOX bob +lrs", strict()).rights, "lrs");
  EXPECT_EQ(read_all(&parse_setacl, " INBOX \"-bob\" -x", strict()).how, How::kRemove);
  EXPECT_EQ(read_all(&parse_setacl, " INBOX bob \"\"", strict()).rights, "");
  EXPECT_EQ(read_all(&parse_acl_subject, " INBOX anyone", strict()).identifier, "anyone");
  for (const char* bad : {" a b", " a b LRS", " a b +l-r", " a b l r"}) {
    EXPECT_NE(refusal(&parse_setacl, bad, kPlain), "") << bad;
  }
}

TEST(Notify, SetAndNone) {
  using Kind = MailboxFilter::Kind;
  EXPECT_TRUE(read_all(&parse_notify, " NONE", strict()).groups.empty());
  const auto got =
      read_all(&parse_notify,
               " set Status (Selected (MessageNew (Uid Body.Peek[Header.Fields (From Subject)]) "
               "MessageExpunge FlagChange)) (subtree (Lists \"a b\") (MessageNew MessageExpunge)) "
               "(mailboxes INBOX NONE) (personal (MailboxName SubscriptionChange Frobnicate))",
               strict());
  ASSERT_EQ(got.groups.size(), 4u);
  EXPECT_TRUE(got.status);
  EXPECT_EQ(got.groups[0].mailboxes.kind, Kind::kSelected);
  ASSERT_TRUE(got.groups[0].events.new_items);
  EXPECT_EQ(got.groups[0].events.new_items->sections.size(), 1u);
  EXPECT_EQ(got.groups[1].mailboxes, (MailboxFilter{Kind::kSubtree, {"Lists", "a b"}}));
  EXPECT_TRUE(got.groups[2].events.none());
  EXPECT_EQ(got.groups[3].events.unknown, std::vector<std::string>{"Frobnicate"});
}

TEST(Notify, Refused) {
  for (const char* bad :
       {"", " SET", " SET ()", " SET (inboxes)", " SET (inboxes ())", " SET (inboxes (MessageNew))",
        " SET (inboxes (FlagChange))", " SET (selected (MailboxName))",
        " SET (inboxes (MessageNew (UID) MessageExpunge))", " SET (mailboxes (MessageNew MessageExpunge))",
        " SET (selected NONE) (selected-delayed NONE)", " NONE x", " SET (subtree () NONE)"}) {
    EXPECT_NE(refusal(&parse_notify, bad, kPlain), "") << bad;
  }
}

}  // namespace
}  // namespace pabal::imap
