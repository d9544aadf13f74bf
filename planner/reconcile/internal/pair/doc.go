// Package pair works out whose account is whose.
//
// Hard evidence comes first: recorded links, then link blocks, then the anchor among the living and in the recycle bin;
// only then do names decide. Within one strength of evidence two rivals both lose, so that the result does not depend
// on the order of rows. What is found is a [Verdict] for each source row; what has to be done about it, and what the
// verdict's flags lead to, is not decided here.
package pair
