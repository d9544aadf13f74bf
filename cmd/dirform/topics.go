package main

// topic is a page of "dirform help TOPIC".
type topic struct {
	name    string
	summary string
	text    func() string
}

// topics are all pages, in the order in which help lists them.
func topics() []topic {
	return []topic{
		{"language", "The configuration language, block by block", languageText},
		{"functions", "The functions of expressions", functionsText},
		{"findings", "The codes of findings, with cause and cure", findingsText},
		{"sign-in", "How credentials are found, and what keeps them where they belong", signInText},
		{"privacy", "What each file that dirform writes reveals, and to whom", privacyText},
		{"exit-status", "What the exit status means, for scripts and CI", exitStatusText},
	}
}

func exitStatusText() string {
	return `EXIT STATUS

  0    Done, or there is nothing to change. Blocked objects are reported but do not change the status, unless
       --fail-on-blocked asks for 1.
  1    Error: the configuration is wrong, a directory cannot be read, a guard tripped, or a plan was refused.
       Nothing was written.
  2    Changes are pending: "dirform plan --detailed-exitcode" and "dirform drift" only.
  3    Applied in part: some changes failed, or were skipped because their object changed after the plan was made.
       Run plan again to see what is left.
  130  Interrupted (Ctrl-C or SIGTERM). What was written until then is recorded; run plan again to see what is left.

In a pipeline:

  dirform plan --out plan.dfplan --detailed-exitcode
  case $? in
    0) echo "nothing to do" ;;
    2) echo "review plan.dfplan, then: dirform apply plan.dfplan" ;;
    *) exit 1 ;;
  esac
`
}
