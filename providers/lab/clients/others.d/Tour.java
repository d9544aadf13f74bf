import java.util.Hashtable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.naming.Context;
import javax.naming.NamingEnumeration;
import javax.naming.directory.Attributes;
import javax.naming.directory.BasicAttribute;
import javax.naming.directory.BasicAttributes;
import javax.naming.directory.DirContext;
import javax.naming.directory.ModificationItem;
import javax.naming.directory.SearchControls;
import javax.naming.directory.SearchResult;
import javax.naming.ldap.Control;
import javax.naming.ldap.InitialLdapContext;
import javax.naming.ldap.PagedResultsControl;
import javax.naming.ldap.PagedResultsResponseControl;

/** Lets JNDI read a lab's schema, and read, add, change, rename and remove an account. */
public class Tour {
    public static void main(String[] args) throws Exception {
        String ou = System.getenv("DIRFORM_OU");
        Hashtable<String, Object> env = new Hashtable<>();
        env.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
        env.put(Context.PROVIDER_URL, lab("url"));
        env.put(Context.SECURITY_PRINCIPAL, lab("bind_dn"));
        env.put(Context.SECURITY_CREDENTIALS, lab("password"));
        InitialLdapContext context = new InitialLdapContext(env, null);

        DirContext schema = context.getSchema("");
        Attributes mail = (Attributes) schema.getAttributes("AttributeDefinition/mail");
        same("mail's identifier", "0.9.2342.19200300.100.1.3", mail.get("NUMERICOID").get());
        Attributes user = (Attributes) schema.getAttributes("ClassDefinition/user");
        same("what user is made from", "organizationalPerson", user.get("SUP").get());

        same("accounts", System.getenv("DIRFORM_USERS"), "" + count(context, ou));

        String dn = "CN=Jay Endi," + ou;
        BasicAttributes attributes = new BasicAttributes();
        attributes.put("objectClass", "user");
        attributes.put("sAMAccountName", "jendi");
        context.createSubcontext(dn, attributes);
        context.modifyAttributes(dn, new ModificationItem[] {
            new ModificationItem(DirContext.REPLACE_ATTRIBUTE, new BasicAttribute("title", "Librarian"))});
        context.rename(dn, "CN=Jay Renamed," + ou);
        dn = "CN=Jay Renamed," + ou;
        same("title", "Librarian", context.getAttributes(dn).get("title").get());
        context.destroySubcontext(dn);
        same("accounts afterwards", System.getenv("DIRFORM_USERS"), "" + count(context, ou));
    }

    /** Counts accounts, seven a page. */
    private static int count(InitialLdapContext context, String base) throws Exception {
        SearchControls search = new SearchControls();
        search.setSearchScope(SearchControls.SUBTREE_SCOPE);
        int n = 0;
        byte[] cookie = null;
        do {
            context.setRequestControls(new Control[] {new PagedResultsControl(7, cookie, true)});
            NamingEnumeration<SearchResult> found =
                context.search(base, "(&(objectClass=user)(sAMAccountName=*))", search);
            for (; found.hasMore(); n++) {
                found.next();
            }
            cookie = null;
            for (Control control : context.getResponseControls()) {
                if (control instanceof PagedResultsResponseControl) {
                    cookie = ((PagedResultsResponseControl) control).getCookie();
                }
            }
        } while (cookie != null && cookie.length > 0);
        context.setRequestControls(null);
        return n;
    }

    /** A text of the lab's access; the first of that name is Active Directory's. */
    private static String lab(String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(System.getenv("DIRFORM_LAB"));
        if (!found.find()) {
            throw new IllegalStateException("no " + name);
        }
        return found.group(1);
    }

    private static void same(String what, Object want, Object got) {
        if (!want.equals(got)) {
            throw new IllegalStateException(what + ": got " + got + ", want " + want);
        }
    }
}
