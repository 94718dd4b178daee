#include "ctl/init.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <string>

#include "ctl/command_line.h"
#include "ctl/spoken.h"

namespace seki::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

InitFile said(const std::string& options = "") {
    const auto spoken = speak("init " + options);
    return std::get<InitFile>(std::get<CommandLine>(spoken).action);
}

struct InitTest : ::testing::Test {
    std::istringstream answers;
    std::ostringstream questions;

    Result<InitFile> ask(const std::string& lines, const std::string& options = "") {
        answers.str(lines);
        return ask_for_site(said(options), answers, questions);
    }
};

TEST_F(InitTest, asks_nothing_of_who_says_it_all) {
    const auto site = ask("", "--hostname a.example --hostname b.example --backend 127.0.0.1:1");
    ASSERT_TRUE(site) << site.error().message;
    EXPECT_THAT(site->hostnames, ElementsAre("a.example", "b.example"));
    EXPECT_EQ(questions.str(), "");
}

TEST_F(InitTest, asks_three_questions_and_has_an_answer_for_who_gives_none) {
    const auto site = ask("\n\n\n");
    ASSERT_TRUE(site) << site.error().message;
    EXPECT_THAT(site->hostnames, ElementsAre("localhost"));
    EXPECT_THAT(site->backends, ElementsAre("127.0.0.1:3000"));
    EXPECT_EQ(site->certificate, "");
    EXPECT_EQ(why_not_valid(*site), "");
}

TEST_F(InitTest, takes_several_names_and_servers_in_one_answer) {
    const auto site = ask("a.example, *.a.example\n127.0.0.1:1 [::1]:2\n\n");
    ASSERT_TRUE(site) << site.error().message;
    EXPECT_THAT(site->hostnames, ElementsAre("a.example", "*.a.example"));
    EXPECT_THAT(site->backends, ElementsAre("127.0.0.1:1", "[::1]:2"));
    EXPECT_EQ(why_not_valid(*site), "");
}

TEST_F(InitTest, asks_again_and_says_what_is_wrong) {
    const auto site = ask("no_host!\na.example\n127.0.0.1\n127.0.0.1:1\n/absent.pem\na b c\n\n");
    ASSERT_TRUE(site) << site.error().message;
    EXPECT_THAT(site->hostnames, ElementsAre("a.example"));
    EXPECT_THAT(site->backends, ElementsAre("127.0.0.1:1"));
    EXPECT_EQ(site->certificate, "");
    EXPECT_THAT(questions.str(), HasSubstr("'no_host!' is no host name"));
    EXPECT_THAT(questions.str(), HasSubstr("'127.0.0.1' is no address"));
    EXPECT_THAT(questions.str(), HasSubstr("/absent.pem: cannot open it"));
    EXPECT_THAT(questions.str(), HasSubstr("name one file, or two"));
}

TEST_F(InitTest, asks_only_for_what_was_not_said) {
    const auto site = ask("a.example\n\n", "--backend 127.0.0.1:1");
    ASSERT_TRUE(site) << site.error().message;
    EXPECT_THAT(questions.str(), Not(HasSubstr("IP:PORT")));
}

TEST_F(InitTest, an_end_of_the_input_is_no_answer) {
    const auto site = ask("a.example\n");
    ASSERT_FALSE(site);
    EXPECT_EQ(site.error().message, "there is no answer; nothing was written");
}

TEST_F(InitTest, where_nobody_can_be_asked_it_says_which_options_it_wants) {
    const auto done = init(said("-o /nowhere/seki.toml"), false, answers, questions);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, "there is nobody to ask: say --hostname NAME and --backend IP:PORT");
}

TEST_F(InitTest, what_was_said_is_judged_before_anything_is_asked) {
    const auto done = init(said("--hostname -"), true, answers, questions);
    ASSERT_FALSE(done);
    EXPECT_EQ(questions.str(), "");
    const auto nowhere = init(said("--http 127.0.0.1"), true, answers, questions);
    ASSERT_FALSE(nowhere);
    EXPECT_THAT(nowhere.error().message, HasSubstr("a port is missing"));
}

TEST(FirstFile, has_the_redirect_to_the_port_of_https_where_that_is_not_the_usual_one) {
    InitFile site = said("--hostname a.example --backend 127.0.0.1:1 --certificate c.pem");
    EXPECT_EQ(site.key, "c.pem") << "the key may be in the same file";
    EXPECT_THAT(first_file(site), HasSubstr("https_redirect = true\nhttps_redirect_port = 8443\n"));
    site.https = "0.0.0.0:443";
    EXPECT_THAT(first_file(site), HasSubstr("https_redirect = true\n"));
    EXPECT_THAT(first_file(site), Not(HasSubstr("https_redirect_port")));
}

TEST(FirstFile, quotes_whatever_stands_in_a_path) {
    InitFile site = said("--hostname a.example --backend 127.0.0.1:1");
    site.certificate = site.key = "it's \"mine\"\n.pem";
    EXPECT_THAT(first_file(site), HasSubstr(R"(certificate = "it's \"mine\"\u000A.pem")"));
}

}  // namespace
}  // namespace seki::ctl
