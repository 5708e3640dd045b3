// Script, and what DriverManager shares with it. script.cc has the manual.
#pragma once

#include <map>

#include "router.hh"

namespace click {

class Script : public Element, public StopListener {
  public:
    const char *class_name() const override { return "Script"; }
    const char *port_count() const override { return "-/-"; }
    const char *processing() const override { return "h/h"; }
    const char *flow_code() const override { return "x/y"; }
    int configure_phase() const override { return phase_last - 1; }
    void *cast(const char *name) override {
        return std::string_view(name) == "Script" ? this : Element::cast(name);
    }
    int configure(Args &args) override;
    int initialize(ErrorHandler &errh) override;
    void add_handlers() override;
    void run_timer(Timer *) override;
    void cleanup(CleanupStage) override { ignore_signals(); }
    void selected(int fd, int mask) override; // a signal came
    const Handler *missing_handler(std::string_view name) override;
    bool stopped() override; // the driver was asked to stop
    void push(int port, Packet *p) override;

  protected:
    enum class Kind { active, passive, driver, packet, proxy, signal };
    Kind kind_ = Kind::active;
    /// DriverManager's instructions are a driver's, whose end stops the router.
    virtual bool is_driver_manager() const { return false; }

  private:
    enum class Op {
        set,
        init,
        exports,
        print,
        printn,
        read,
        write,
        save,
        append,
        wait_time,
        wait_step,
        stop,
        end,
        exit,
        loop,
        label,
        jump,
        returns,
        error
    };
    struct Instruction {
        Op op;
        std::string text;      // arguments as written
        std::string name;      // of a variable or label
        bool unquotes = false; // setq, printq, …
        int target = -1;       // of a jump
    };
    enum class Pause { none, time, step, finished };

    bool set_type(std::string_view text, Args &args);
    bool add_instruction(const std::string &text, Args &args);
    bool resolve_labels(Args &args);
    /// Runs until it has to wait or ends.
    void run();
    bool step(ErrorHandler &errh);
    bool jump(const Instruction &it, ErrorHandler &errh);
    void print(const Instruction &it, bool has_newline, ErrorHandler &errh);
    void call_handler(const Instruction &it, bool writes, ErrorHandler &errh);
    void save(const Instruction &it, bool appends, ErrorHandler &errh);
    /// Replaces variables and "$(…)".
    std::string expand(std::string_view text, ErrorHandler &errh, int depth = 0,
                       bool quotes_values = false);
    /// The instruction's text, unquoted where it says so.
    std::string value(const Instruction &it, ErrorHandler &errh);
    void count_steps(int steps);
    int watch_signals(ErrorHandler &errh);
    void ignore_signals();
    std::string evaluate(std::string_view inside, ErrorHandler &errh, int depth);
    bool look(std::string_view name, std::string &value) const;
    bool call_own(const std::string &name, const std::vector<std::string> &args, std::string &out,
                  ErrorHandler &errh);
    std::string call(const std::string &args, ErrorHandler &errh);
    void add_function_handlers();

    std::map<std::string, Handler, std::less<>> proxied_;
    std::vector<int> signals_;
    int signal_fd_ = -1;
    std::vector<Instruction> instructions_;
    std::map<std::string, std::string, std::less<>> variables_;
    size_t at_ = 0;
    Pause pause_ = Pause::none;
    int64_t steps_wanted_ = 0, steps_there_ = 0;
    bool is_running_ = false;
    std::string result_;
    Timer timer_{this};
    std::map<std::string, bool> written_files_;
};

/// The functions of expressions: "add", "eq", …; false: there is none of that name.
bool script_function(const std::string &name, const std::vector<std::string> &args,
                     std::string &out, ErrorHandler &errh);
const std::vector<std::string> &script_function_names();
/// "INT", "SIGINT" or "2"; 0: there is none such.
int signal_number(std::string_view name);

} // namespace click
